package luaapi

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	gomime "mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/engine"
)

// written runs Lua that writes x.csv and returns the file.
func written(t *testing.T, source string) (string, error) {
	t.Helper()
	root := t.TempDir()
	if err := writeFixtures(root); err != nil {
		t.Fatal(err)
	}
	api := New(Options{Root: root})
	rt := engine.New(engine.Options{Modules: api.Modules()})
	script, err := engine.LoadSource("test.lua", around+source)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), script)
	if closing := rt.Close(t.Context()); closing != nil {
		t.Error(closing)
	}
	left, globbed := filepath.Glob(filepath.Join(root, ".*"))
	if globbed != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, globbed)
	}
	text, _ := os.ReadFile(filepath.Join(root, "x.csv"))
	return string(text), err
}

func TestCSVWrite(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a source", `assert(csv.write("x.csv", source) == 2)`, "email,name,city,points\r\nann@example.org,Ann,Paris,3\r\nbob@example.org,Bob,,10\r\n"},
		{"some columns", `csv.write("x.csv", source, { columns = { "city", "name" } })`, "city,name\r\nParis,Ann\r\n,Bob\r\n"},
		{"mapped", `csv.write("x.csv", source:map(function(row) return { n = row.name, x = 1.50 } end))`, "n,x\r\nAnn,1.5\r\nBob,1.5\r\n"},
		{"JSON", `csv.write("x.csv", json.rows("people.jsonl"), { columns = { "email", "city" } })`, "email,city\r\nann@example.org,Paris\r\nbob@example.org,\r\n"},
		{"a database", `csv.write("x.csv", sql.open("sqlite:people.db"):rows("SELECT name, born, points FROM people"))`, "name,born,points\r\nAnn,1990-05-17,3\r\nBob,,9007199254740993\r\n"},
		{"tables", `csv.write("x.csv", { { b = 1, a = true }, { a = json.null } })`, "a,b\r\ntrue,1\r\n,\r\n"},
		{"lists", `csv.write("x.csv", { { 1, nil, 3 }, { 0.1 + 0.2 } }, { columns = { "a", "b", "c" }, header = false })`, "1,,3\r\n0.3,,\r\n"},
		{"a function", `local n = 0 csv.write("x.csv", function() n = n + 1 if n < 4 then return { n = n } end end)`, "n\r\n1\r\n2\r\n3\r\n"},
		{"quotes", `csv.write("x.csv", { { a = 'x "y"', b = "a;b,c", c = " x ", d = "1\r\n2\n3" } })`, "a,b,c,d\r\n\"x \"\"y\"\"\",\"a;b,c\",\" x \",\"1\r\n2\n3\"\r\n"},
		{"a delimiter", `csv.write("x.csv", { { a = "a;b,c", b = 1 } }, { delimiter = ";" })`, "a;b\r\n\"a;b,c\";1\r\n"},
		{"nothing in one column", `csv.write("x.csv", { { a = 1 }, { } }, { columns = "a" })`, "a\r\n1\r\n\"\"\r\n"},
		{"no rows", `assert(csv.write("x.csv", {}, { columns = "a" }) == 0)`, "a\r\n"},
		{"no rows of a source", `assert(csv.write("x.csv", source:where(function() return false end)) == 0)`, "email,name,city,points\r\n"},
		{"formulas", `csv.write("x.csv", { { a = "=1+1", b = -1, c = "@x", d = "-2" } }, { excel = true })`, "\ufeffa,b,c,d\r\n'=1+1,-1,'@x,'-2\r\n"},
		{"times", `csv.write("x.csv", { { a = time.new { year = 2026, month = 3, day = 1 }, b = time.new { year = 2026, month = 3, day = 1, hour = 7, zone = "Europe/Berlin" } } })`, "a,b\r\n2026-03-01,2026-03-01T07:00:00+01:00\r\n"},
	} {
		got, err := written(t, test.source)
		if err != nil || got != test.want {
			t.Errorf("%s: %v\n%q\nwant\n%q", test.name, err, got, test.want)
		}
	}
}

// What is written is what is read.
func TestCSVRoundTrip(t *testing.T) {
	_, err := written(t, `
local texts = { "a", ",", ";", '"', '""', "\n", "a\nb", " a", "a ", "=1", "'", "é", "\u{2028}", "0012", "1e5", "\t", "NULL", "a\rb" }
for _, delimiter in ipairs { ",", ";", "\t", "|" } do
  for _, one in ipairs(texts) do for _, other in ipairs(texts) do
    csv.write("x.csv", { { a = one, b = other, c = "end" } }, { delimiter = delimiter })
    local row = csv.rows("x.csv", { delimiter = delimiter }):all()[1]
    assert(row.a == one and row.b == other, ("%q %q with %q"):format(one, other, delimiter))
  end end
end`)
	if err != nil {
		t.Error(err)
	}
}

func TestRecordMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`csv.write("../x.csv", source)`, "not inside the project folder"},
		{`csv.write("no/x.csv", source)`, "no such file"},
		{`csv.write("x.csv", source, { columns = { "nmae" } })`, `people.csv: no column "nmae" (did you mean "name"?)`},
		{`csv.write("x.csv", {})`, "there are no rows, and columns does not name any"},
		{`csv.write("x.csv", { { "x" } })`, "the first row has no names"},
		{`csv.write("x.csv", { { city = 1 }, { citty = 1 } })`, `row 2: it has a value "citty", which the first row has not (did you mean "city"?)`},
		{`csv.write("x.csv", { { 1, 2, 3 } }, { columns = { "a", "b" } })`, "row 1: it has 3 values, and there are 2 columns"},
		{`csv.write("x.csv", { { 1, b = 2 } }, { columns = { "a", "b" } })`, "both values in the order of columns and one with the name b"},
		{`csv.write("x.csv", { a = 1 })`, "rows are a list, and have the key a"},
		{`csv.write("x.csv", { { a = { 1 } } })`, `row 1: column "a": a table is no value of a cell`},
		{`csv.write("x.csv", { { a = print } })`, `row 1: column "a": a function cannot be part of data`},
		{`csv.write("x.csv", { { a = secret.env "HOME" } })`, `a secret cannot be part of data`},
		{`csv.write("x.csv", { { a = "x" .. tostring(secret.env "HOME") } })`, `a secret was put into it`},
		{`csv.write("x.csv", { { a = "\255" } })`, "not valid UTF-8"},
		{`csv.write("x.csv", { { a = "\0" } })`, "a NUL"},
		{`csv.write("x.csv", { 3 })`, "names for its values"},
		{`csv.write("x.csv", { { a = 1 }, 3 })`, "row 2: a row is a table"},
		{`csv.write("x.csv", source:where(function() error("no good") end))`, "test.lua:5: no good"},
		{`csv.write("x.csv", function() error("no good") end)`, "test.lua:5: no good"},
		{`csv.write("x.csv", csv.rows("people.csv", { types = { name = "integer" } }))`, `people.csv: row 2, column "name"`},
		{`csv.write("x.csv", source, { delimiter = "::" })`, "must be one character"},
		{`csv.write("x.csv", source, { delimiter = '"' })`, "must be one character"},
		{`csv.write("x.csv", source, { header = 1 })`, "must be true or false"},
		{`csv.write("x.csv", mime)`, "rows"},
		{`xlsx.workbook { name = "x.xls", sheets = {} }`, "must end in .xlsx"},
		{`xlsx.workbook { name = "x.xlsx" }`, `option "sheets" must be a list of sheets, got nil`},
		{`xlsx.workbook { name = "x.xlsx", sheets = {} }`, "there are no sheets"},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "a/b", rows = source } } }`, "name"},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", row = source } } }`, `sheets[1]: unknown option "row" (did you mean "rows"?)`},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A" } } }`, `sheet "A": rows are missing`},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = source, columns = { { nam = "x" } } } } }`, `sheets[1].columns[1]: unknown option "nam" (did you mean "name"?)`},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = source, columns = { { name = "name", type = "int" } } } } }`, `type is "int"`},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = source, columns = { { name = "name", type = "integer" } } } } }`, `"Ann" is no number`},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = source:map(function() error("no good") end) } } }`, "test.lua:5: no good"},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = { { a = "\255" } } } } }`, "not valid UTF-8"},
		{`xlsx.workbook { name = "x.xlsx", sheets = { { name = "A", rows = { { a = "12345678901234567" } }, columns = { { name = "a", type = "number" } } } } }`, "more than 15 digits"},
	} {
		got, err := written(t, test.source)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
		if got != "" {
			t.Errorf("%s wrote %q", test.source, got)
		}
	}
}

// An older file stays as it was where the new one cannot be written.
func TestCSVWriteKeepsTheOldFile(t *testing.T) {
	got, err := written(t, `csv.write("x.csv", { { a = 1 } }) pcall(csv.write, "x.csv", { { a = 2 }, { a = "\255" } })`)
	if err != nil || got != "a\r\n1\r\n" {
		t.Errorf("%q %v", got, err)
	}
}

// A workbook as xlsx.rows reads it back.
func TestWorkbook(t *testing.T) {
	root := t.TempDir()
	if err := writeFixtures(root); err != nil {
		t.Fatal(err)
	}
	api := New(Options{Root: root})
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out})
	defer rt.Close(t.Context())
	script, err := engine.LoadSource("test.lua", around+`
local db = sql.open "sqlite:people.db"
local n = 0
local book = xlsx.workbook { name = "a.xlsx", title = "T", author = "A", sheets = {
  { name = "Database", rows = db:rows "SELECT name, born, '12.50' AS price FROM people", columns = { "name", { name = "born", title = "Born", type = "date" }, { name = "price", title = "Price", type = "money", currency = "€" } } },
  { name = "Lists", rows = { { "=1+1", 2 }, { nil, 3 } }, columns = { "text", "number" } },
  { name = "Tables", rows = { { b = time.new { year = 2026, month = 3, day = 1, hour = 7 }, a = true } } },
  { name = "Function", rows = function() n = n + 1 if n <= 3 then return { n = n } end end },
  { name = "Source", rows = source:where(function(row) return row.city ~= nil end) },
  { name = "Empty", rows = {}, columns = { "a" } },
} }
assert(book.type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" and book.name == "a.xlsx", book.type)
return mime.message { from = "a@b.example", to = "c@d.example", text = "x", attach = book }:save("book.eml")
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Run(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	book := attached(t, filepath.Join(root, "book.eml"))
	if err := os.WriteFile(filepath.Join(root, "book.xlsx"), book, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err = engine.LoadSource("read.lua", around+`
for _, sheet in ipairs { "Database", "Lists", "Tables", "Function", "Source", "Empty" } do
  local s = xlsx.rows("book.xlsx", { sheet = sheet })
  io.write(sheet, ":")
  for row in s do
    for _, name in ipairs(s.columns) do io.write(" ", name, "=", tostring(row[name])) end
  end
  print()
end`)
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Run(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	want := `Database: name=Ann Born=1990-05-17 Price=12.5 name=Bob Born=nil Price=12.5
Lists: text==1+1 number=2 text=nil number=3
Tables: a=true b=2026-03-01T07:00:00Z
Function: n=1 n=2 n=3
Source: email=ann@example.org name=Ann city=Paris points=3
Empty:
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || bytes.Contains(text, []byte("<f>")) {
			t.Errorf("%s holds a formula, %v", f.Name, err)
		}
	}
}

// attached is the first file that a message has attached.
func attached(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	message, err := mail.ReadMessage(file)
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := gomime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() == "" {
			continue
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
}
