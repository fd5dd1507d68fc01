package luaapi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/engine"
)

// runWith runs a script with some options and returns what it printed.
func runWith(t *testing.T, options Options, source string) (string, error) {
	t.Helper()
	options.Root = t.TempDir()
	if err := writeFixtures(options.Root); err != nil {
		t.Fatal(err)
	}
	api := New(options)
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", source)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), script)
	api.Close(t.Context())
	return out.String(), errors.Join(err, rt.Close(t.Context()))
}

// exporting has a merge that is passed over, one whose rows are wanted, and a line that must
// not run.
const exporting = around + `
local function nobody() error("a message was asked for") end
print(merge.run { name = "other", rows = { { id = 1 } }, key = "id", message = nobody }.sent)
pcall(merge.run, {
  name = "wanted", key = "id", message = nobody,
  rows = { { id = 7, text = "a\nb", yes = true, half = 0.5, list = { 1, 2 } }, { text = "no key" }, { id = "eight" } },
})
print("went on")`

// TestExport reads the rows of one merge, whatever stands around it, and ends there.
func TestExport(t *testing.T) {
	var got []string
	out, err := runWith(t, Options{Export: &Export{Merge: "wanted", Row: func(r ExportedRow) error {
		cells := map[string]string{}
		for i, name := range r.Columns {
			cells[name] = r.Cells[i]
		}
		got = append(got, fmt.Sprint(r.Key, r.Number, cells))
		return nil
	}}}, exporting)
	var exported *Exported
	if !errors.As(err, &exported) || out != "0\n" {
		t.Errorf("%v, printed %q", err, out)
	}
	want := []string{"7 1 map[half:0.5 id:7 list:[1,2] text:a\nb yes:true]", "eight 3 map[id:eight]"}
	for i := range want {
		want[i] = strings.Replace(want[i], " ", "", 1) // Sprint puts no space between a string and a number
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	full := errors.New("the disk is full")
	if _, err := runWith(t, Options{Export: &Export{Merge: "wanted", Row: func(ExportedRow) error { return full }}}, exporting); !errors.Is(err, full) {
		t.Errorf("an error of whoever wants the rows: %v", err)
	}
}

// TestResumeOne passes over merges of other names.
func TestResumeOne(t *testing.T) {
	var said []string
	out, err := runWith(t, Options{Resume: "old", Notice: func(text string) { said = append(said, text) }},
		around+`local run = merge.run { name = "new", rows = { { id = 1 } }, key = "id", message = error } print(run.sent, run.rows)`)
	if err != nil || out != "0\t0\n" || len(said) != 1 || !strings.Contains(said[0], `"new" is not the one to resume`) {
		t.Errorf("%v, printed %q, said %q", err, out, said)
	}
}
