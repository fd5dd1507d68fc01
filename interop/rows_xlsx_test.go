//go:build interop

package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mailscript/mailscript/rows"
)

// TestRowsWorkbooks reads workbooks that others wrote.
func TestRowsWorkbooks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if out, err := exec.Command("/usr/bin/python3", "testdata/workbooks.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.xlsx"))
	if err != nil || len(paths) != 6 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			// openpyxl saves formulas without their results.
			formulas := [3]string{"2", `"x"`, `x: sheet "Leute & Co", row 4, column "formula" (I4): is "#N/A", an error of the spreadsheet`}
			escaped := "_x000D_"
			if strings.Contains(path, "openpyxl") {
				escaped = `\r` // it writes an escape where it means these letters
				for i := range formulas {
					formulas[i] = fmt.Sprintf(`x: sheet "Leute & Co", row %d, column "formula" (I%[1]d): a formula without a result`, i+2)
				}
			}
			want := fmt.Sprintf(`text="Müller 東京 😀"
whole=12
fraction=1.5f
yes=true
day=2026-11-24
moment=2026-11-24T07:30:15Z
clock="07:30:00"
empty=<nil>
formula=%s
percent=0.25f
lines="a\nb"
text="=cmd|' /C calc'!A0"
whole=-9007199254740992
fraction=1e-07f
yes=false
day=1904-01-02
moment=2000-02-29T23:59:59Z
clock="23:59:59"
empty=<nil>
formula=%s
percent=1
lines="<b>{{.x}}</b>\nc"
text=%q
whole=0
fraction=0
yes=true
day=9999-12-31
moment=1970-01-01T00:00:00Z
clock="00:00:00"
empty="rich text"
formula=%s
percent=0.1f
lines="%s &amp;"
`, formulas[0], formulas[1], strings.Repeat("x", 32767), formulas[2], escaped)
			if diff := cmp.Diff(want, databaseTable(t, rows.XLSX(path, rows.XLSXOptions{Name: "x"}))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
