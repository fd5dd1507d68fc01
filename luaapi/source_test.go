package luaapi

import (
	"strings"
	"testing"
)

func TestSources(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a loop", `for row, number in source do print(number, row.email, row.city) end`, "2\tann@example.org\tParis\n3\tbob@example.org\tnil"},
		{"again", `for i = 1, 2 do for row in source do print(row.name) end end`, "Ann\nBob\nAnn\nBob"},
		{"loops in each other", `for a in source do for b in source do print(a.name, b.name) end end`, "Ann\tAnn\nAnn\tBob\nBob\tAnn\nBob\tBob"},
		{"left early", `for i = 1, 300 do for row in source do break end end print "done"`, "done"},
		{"a row that is kept", `local kept for row in source do kept = kept or row end print(kept.name)`, "Ann"},
		{"types", `for row in csv.rows("people.csv", { types = { points = "integer" } }) do print(row.points + 1) end`, "4\n11"},
		{"rename", `for row in csv.rows("people.csv", { rename = { city = "town" } }) do print(row.town) end`, "Paris\nnil"},
		{"columns", `print(table.concat(source.columns, " "), json.rows("people.jsonl").columns, source.name)`, "email name city points\tnil\tpeople.csv"},
		{"where", `print(source:where(function(row) return row.city ~= nil end):count())`, "1"},
		{"map", `for row, number in source:map(function(row) return { up = row.name:upper(), n = 1 } end) do print(number, row.up, row.n) end`, "2\tANN\t1\n3\tBOB\t1"},
		{"JSON", `for row in json.rows("people.jsonl", { columns = { "city" } }) do print(row.email, row.city) end`, "ann@example.org\tParis\nbob@example.org\tnil"},
		{"tostring", `print(source, source:all()[2], "row: " .. source:all()[1])`, "people.csv\tpeople.csv: row 3\trow: people.csv: row 2"},
	} {
		out, _, err := rehearse(t, around+test.source)
		if err != nil || strings.TrimSuffix(out, "\n") != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, out, test.want)
		}
	}
}

func TestSourceMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`for row in source do print(row.emial) end`, `people.csv: row 2: no column "emial" (did you mean "email"?)`},
		{`for row in source do row.email = "x" end`, `row is read-only`},
		{`for row in csv.rows "nobody.csv" do end`, "nobody.csv: no such file"},
		{`for row in csv.rows("people.csv", { types = { name = "integer" } }) do print(row.name) end`, `people.csv: row 2, column "name"`},
		{`for row in csv.rows("people.csv", { types = { name = "intger" } }) do end`, `intger`},
		{`csv.rows("people.csv", { types = { name = 3 } })`, `option "types" must have strings as keys and values, got string = number`},
		{`source:where(function(row) end):count()`, `the function must return true or false, got nil`},
		{`source:where(function(row) error("no good") end):count()`, `no good`},
		{`source:map(function(row) return row.email end):count()`, `a row is a table with names`},
		{`source:map(function(row) return { row.email } end):count()`, `a row has names for its values`},
		{`source:map(function(row) return { x = print } end):count()`, `.x: a function cannot be part of data`},
	} {
		if _, _, err := rehearse(t, around+test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}
