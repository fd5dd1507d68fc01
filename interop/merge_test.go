//go:build interop

package interop

import (
	"os"
	"os/exec"
	"testing"
)

// TestCheckOfManyRows has check look at 100,000 rows, of which 37 are bad: the test of
// cmd/mailscript, with its tenfold number of rows.
func TestCheckOfManyRows(t *testing.T) {
	if os.Getenv("READERS") == "" {
		t.Skip("part of make interop-full; the ordinary tests do it with 10,000 rows")
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-tags", "interop", "-count=1", "-run", "^TestCheckNamesBadRows$", "../cmd/mailscript").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%.4000s", err, out)
	}
}
