package luaapi

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/engine"
)

// mergeOf is a merge over people.csv with a message and further options.
func mergeOf(message, options string) string {
	return around + `local run = merge.run { name = "t", rows = source, key = "email", message = function(row) ` + message + " end, " + options + " }\n"
}

const plainMessage = `return { from = "news@bank.example", to = row.email, subject = "Hello", text = "Hello " .. row.name }`

func TestMerge(t *testing.T) {
	for _, test := range []struct {
		name, source, want string
		tally              Tally
	}{
		{"all", mergeOf(plainMessage, `on_result = function(row, result) print(row.email, result.ok, result.code, result.recipients[1].address) end`) + `print(run.rows, run.sent, run.name)`,
			"ann@example.org\ttrue\t250\tann@example.org\nbob@example.org\ttrue\t250\tbob@example.org\n2\t2\tt", Tally{Sent: 2}},
		{"skip", mergeOf(`if row.name == "Ann" then return merge.skip("not her") end `+plainMessage,
			`on_result = function(row, result) print(row.name, result.ok, result.outcome, result.reason) end`) + `print(run.sent, run.skipped)`,
			"Ann\ttrue\tskipped\tnot her\nBob\ttrue\tsent\tnil\n1\t1", Tally{Sent: 1}},
		{"a row that raises", mergeOf(`if row.name == "Ann" then error("no letter for Ann") end `+plainMessage,
			`on_result = function(row, result) print(row.name, result.outcome, result.reason) end`) + `print(run.sent, run.failed)`,
			"Ann\tfailed\tpeople.csv: row 2: test.lua:5: no letter for Ann\nBob\tsent\tnil\n1\t1", Tally{Sent: 1, Failed: 1}},
		{"handled", mergeOf(`if row.name == "Ann" then error("no letter for Ann") end `+plainMessage,
			`on_result = function(row, result) if not result.ok then result:handled():handled() end end`), "", Tally{Sent: 1, Handled: 1}},
		{"nothing returned", mergeOf(`local m = { to = row.email }`, `on_result = function(row, result) print(result.outcome, (result.reason:gsub("^.-message: ", ""))) end`),
			strings.Repeat("failed\tthe function must return a description or merge.skip(reason), got nil\n", 2), Tally{Failed: 2}},
		{"a bad address", mergeOf(`return { from = "news@bank.example", to = row.name, text = "x" }`, "") + `print(run.failed)`, "2", Tally{Failed: 2}},
		{"a template", mergeOf(`return { from = "news@bank.example", to = row.email, template = letter, data = row }`, "") + `print(run.sent)`, "2", Tally{Sent: 2}},
		{"a list", around + `local run = merge.run { name = "t", key = "id", rows = { { id = 1, to = "a@b.example" }, { id = 2, to = "c@d.example" } },
			message = function(row) return { from = "news@bank.example", to = row.to, text = "x" } end } print(run.sent)`, "2", Tally{Sent: 2}},
		{"a function", around + `local n = 0 local run = merge.run { name = "t", key = "id", rows = function() n = n + 1 if n <= 300 then return { id = n } end end,
			message = function(row) return { from = "news@bank.example", to = "p" .. row.id .. "@b.example", text = "x" } end } print(run.sent, n)`, "300\t301", Tally{Sent: 300}},
		{"several recipients", mergeOf(`return { from = "news@bank.example", to = row.email, bcc = "archive@bank.example", text = "x" }`,
			`unique_address = false, on_result = function(row, result) print(#result.recipients) end`), "2\n2", Tally{Sent: 2}},
	} {
		test.source = strings.Replace(test.source, "local run", `local letter = template.load "letter" local run`, 1)
		out, tally, err := rehearse(t, test.source)
		if err != nil || strings.TrimSuffix(out, "\n") != strings.TrimSuffix(test.want, "\n") {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, out, test.want)
		}
		if tally != test.tally {
			t.Errorf("%s: %+v, want %+v", test.name, tally, test.tally)
		}
	}
}

func TestMergeMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`merge.run { name = "t" }`, `merge.run: option "rows" is missing`},
		{`merge.run { rows = source, key = "email", message = print }`, `option "name" is missing`},
		{`merge.run { name = "t", rows = 3, key = "email", message = print }`, `option "rows" must be a source, a list or a function, got number`},
		{mergeOf(plainMessage, `rate = "fast"`), `option "rate"`},
		{mergeOf(plainMessage, `connections = 1000`), `option "connections" must be between 1 and 200, got 1000`},
		{mergeOf(plainMessage, `in_doubt = "send"`), `option "in_doubt" must be`},
		{mergeOf(plainMessage, `duplicates = "last"`), `option "duplicates" must be`},
		{mergeOf(plainMessage, `edited = "send"`), `option "edited" must be "refuse" or "ignore", got "send"`},
		{mergeOf(plainMessage, `unique_address = "no"`), `option "unique_address" must be true or false, got string`},
		{mergeOf(plainMessage, `retry_for = "soon"`), `option "retry_for"`},
		{mergeOf(plainMessage, `on_result = function() error("enough") end`), `enough`},
		{mergeOf(plainMessage, `on_result = function(row) return row.emial end`), `no column "emial"`},
		{`merge.skip("")`, `merge.skip: a reason is missing`},
		{`local run = merge.run { name = "t", rows = csv.rows "nobody.csv", key = "email", message = print }`, `nobody.csv: no such file`},
		{`local run = merge.run { name = "t", rows = { { id = 1 }, { id = 1 } }, key = "id", message = function(row) return { from = "a@b.example", to = "c@d.example", text = "x" } end }`, `rows: row 2: the key "1" is that of rows: row 1`},
		{`local run = merge.run { name = "t", rows = { { id = 1 }, { id = 2 } }, key = "id", message = function(row) return { from = "a@b.example", to = "c@d.example", text = "x" } end }`, `c@d.example`},
	} {
		source := test.source
		if !strings.HasPrefix(source, around) {
			source = around + source
		}
		if _, _, err := rehearse(t, source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}

// A fault that ends a merge can be caught, and says which merge it was.
func TestMergeFault(t *testing.T) {
	_, _, err := rehearse(t, around+`local run = merge.run { name = "autumn", rows = csv.rows "nobody.csv", key = "email", message = print }`)
	var fault *engine.Fault
	if !errors.As(err, &fault) || fault.Kind != engine.KindFile || !strings.HasPrefix(fault.Message, `merge "autumn": `) {
		t.Errorf("%v", err)
	}
}

// What a message is made of stays the same from one version to the next: a run that goes on
// compares it with what it has sent.
func TestMergeDigits(t *testing.T) {
	for _, name := range []string{"news", "", strings.Repeat("long ", 100)} {
		for _, key := range []string{"1", "ann@example.org", strings.Repeat("key", 300)} {
			got := (&merge{seed: []byte(name)}).digits(key)
			if got != sha256.Sum256(fmt.Appendf(nil, "%d %s %s", len(name), name, key)) {
				t.Errorf("the digits of %q in %q have changed", key, name)
			}
		}
	}
}
