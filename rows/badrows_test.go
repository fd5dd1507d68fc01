package rows

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadRows has a hundred thousand rows with 37 bad ones of nine kinds, and wants
// these and no others.
func TestBadRows(t *testing.T) {
	const n = 100_000
	kinds := []struct{ row, want string }{
		{"1,a", `2 cells, and 3 columns`},
		{"1,a,b,c", `4 cells, and 3 columns`},
		{"1,a\"b,2", `column "text": quotes inside of a cell that does not begin with them`},
		{"1,\"a\"b,2", `column "text": text behind the quotes that close the cell`},
		{"1,\"a,2", `column "text": text behind the quotes that close the cell`}, // the quotes of the row behind it close it
		{"1,a\xffb,2", `column "text": byte 0xFF at offset `},
		{"1,a\x00b,2", `column "text": a NUL`},
		{"1,a\rb,2", `column "text": a CR without a LF`},
		{"one,a,2", `column "id": "one" is no whole number`},
	}
	bad := map[int64]string{}
	var text strings.Builder
	text.WriteString("id,text,more\n")
	for row := int64(2); row <= n+1; row++ {
		if row%2700 == 1000 {
			kind := kinds[len(bad)%len(kinds)]
			bad[row] = kind.want
			text.WriteString(kind.row + "\n")
			continue
		}
		fmt.Fprintf(&text, "%d,\"text %d\",more\n", row, row)
	}
	if len(bad) != 37 {
		t.Fatal(len(bad))
	}
	found, good := map[int64]string{}, 0
	for row, err := range All(t.Context(), CSV("people.csv", CSVOptions{Open: from(text.String()), Types: map[string]Type{"id": TypeInteger}})) {
		if err == nil {
			faults := row.Check()
			if len(faults) == 0 {
				good++
				continue
			}
			err = faults[0]
		}
		e := err.(*Error)
		if prefix := fmt.Sprintf("people.csv: row %d", e.Row); !strings.HasPrefix(err.Error(), prefix) || e.Fatal {
			t.Errorf("%v, fatal %v", err, e.Fatal)
		}
		found[e.Row] = err.Error()
	}
	if got, want := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(bad)); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	for row, want := range bad {
		if !strings.Contains(found[row], want) {
			t.Errorf("%s, want %s", found[row], want)
		}
	}
	if good != n-37 {
		t.Errorf("%d good rows, want %d", good, n-37)
	}
}

// TestMemory reads rows without end and looks at what is held meanwhile.
func TestMemory(t *testing.T) {
	for name, test := range map[string]struct {
		begin, row string
		source     func(open func() (io.ReadCloser, error)) Source
	}{
		"CSV":        {"a,b,c\n", "1,\"two, or more\",three\n", func(open func() (io.ReadCloser, error)) Source { return CSV("", CSVOptions{Open: open}) }},
		"JSON":       {"[{}", `,{"a":1,"b":[true,"x"]}`, func(open func() (io.ReadCloser, error)) Source { return JSON("", JSONOptions{Open: open}) }},
		"JSON Lines": {"{}", "\n{\"a\":1,\"b\":[true,\"x\"]}", func(open func() (io.ReadCloser, error)) Source { return JSONL("", JSONOptions{Open: open}) }},
	} {
		t.Run(name, func(t *testing.T) {
			open := func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader(test.begin), &endless{text: test.row})), nil
			}
			held := func() uint64 {
				runtime.GC()
				var memory runtime.MemStats
				runtime.ReadMemStats(&memory)
				return memory.HeapAlloc
			}
			var before uint64
			n := 0
			for _, err := range All(t.Context(), test.source(open)) {
				if err != nil {
					t.Fatal(err)
				}
				switch n++; n {
				case 1000:
					before = held()
				case 100_000:
					if after := held(); after > before+256<<10 {
						t.Errorf("%d KiB more after 99,000 rows", (after-before)>>10)
					}
					return
				}
			}
		})
	}
}
