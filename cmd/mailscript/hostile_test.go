package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// hostile are cells that mean something in HTML, in templates, in headers, in scripts
// or in spreadsheets. The first is harmless: all messages must be built as its is.
var hostile = map[string]string{
	"harmless":       "Ann",
	"markup":         `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"closing":        `"'></a></p></body></html><b>`,
	"attribute":      `" onmouseover="alert(1)" x="`,
	"single":         `' onmouseover='alert(1)' x='`,
	"backtick":       "`onload=alert(1)",
	"comment":        `--><!-- <![CDATA[ ]]> <!--[if mso]>`,
	"entity":         `&lt;b&gt; &#60;i&#62; &amp;`,
	"action":         `{{.secret}} {{template "x"}} {{end}} {{ range . }}`,
	"dollar":         `${secret} #{1+1} <%= 1 %> {% x %}`,
	"percent":        `%s %d %n %00 %0d%0aBcc: eve@example.org`,
	"crlf":           "Ann\r\nBcc: eve@example.org\r\n\r\n<b>body</b>",
	"lf":             "Ann\nX-Injected: yes\n\n--=_1",
	"cr":             "Ann\rX-Injected: yes",
	"unicode lines":  "Ann\u2028X-Injected: yes\u2029\u0085Bcc: eve@example.org",
	"dot":            "\r\n.\r\nMAIL FROM:<eve@example.org>\r\n",
	"dots":           "..\r\n.\r\n...",
	"formula":        `=HYPERLINK("http://evil.example","x")`,
	"plus":           `+cmd|' /C calc'!A0`,
	"javascript":     `javascript:alert(1)`,
	"JaVaScRiPt":     " \tJaVa\tScRiPt:alert(1)",
	"vbscript":       `vbscript:msgbox(1)`,
	"data":           `data:text/html,<script>alert(1)</script>`,
	"protocol":       `//evil.example/x`,
	"encoded word":   `=?utf-8?q?=0D=0ABcc:_eve@example.org?=`,
	"base64 word":    `=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=`,
	"boundary":       "--=_1_0\r\nContent-Type: text/html\r\n\r\n<b>",
	"addresses":      `eve@example.org, mallory@example.org`,
	"angle":          `x <eve@example.org>`,
	"quoted address": `"x" <eve@example.org>, "y"`,
	"group":          `g: eve@example.org;`,
	"markdown":       "[x](javascript:alert(1)) # h\n\n- item ![i](http://evil.example/i.png) `c`",
	"style":          `red; background: url(javascript:alert(1)); } </style>`,
	"expression":     `expression(alert(1))`,
	"bidi":           "\u202egnp.exe\u202c",
	"megabyte":       strings.Repeat(`<b>{{.x}}"'&`, 1<<20/12),
	"long word":      strings.Repeat("a", 1<<20),
}

// noNames are those that cannot be the name of anybody, and fail where they are to be.
var noNames = []string{"bidi", "boundary", "cr", "crlf", "dot", "dots", "lf", "long word", "markdown", "megabyte", "unicode lines"}

// tooLong are those that fit in no subject; a letter that has them elsewhere arrives.
var tooLong = []string{"long word", "megabyte"}

// nul is for sources that can hold it.
const nul = "Ann\x00<b>\x00X: y"

const hostileScript = `
local merge, csv, xlsx, sql, json = require "merge", require "csv", require "xlsx", require "sql", require "json"
local mime, template = require "mime", require "template"
local sources = {
  csv  = function() return csv.rows "hostile.csv" end,
  xlsx = function() return xlsx.rows "hostile.xlsx" end,
  sql  = function()
    local db = sql.open "sqlite:hostile.db?mode=rwc"
    db:exec "CREATE TABLE hostile (email TEXT, what TEXT, v TEXT)"
    for row in json.rows "hostile.json" do
      db:exec("INSERT INTO hostile VALUES (?, ?, ?)", { row.email, row.what, row.v })
    end
    return db:rows "SELECT email, what, v FROM hostile"
  end,
}
local rows = sources[arg[1]]()
local letter = template.load(arg[2])
local function named(name, address) return arg[3] == "named" and mime.address(name, address) or address end
merge.run {
  name = "hostile", rows = rows, key = "email", stop_after = -1, retry_for = 0,
  message = function(row)
    return { from = "Bank <news@bank.example>", to = named(row.v, row.email), reply_to = named(row.v, "service@bank.example"),
             template = letter, data = row, headers = { ["X-What"] = row.what } }
  end,
  on_result = function(row, result) if not result.ok then print(row and row.what, result.reason or result.text) end end,
}
`

// addressScript takes the cells for addresses.
const addressScript = `
local merge, csv = require "merge", require "csv"
merge.run {
  name = "addresses", rows = csv.rows "hostile.csv", key = "email", stop_after = -1, retry_for = 0,
  message = function(row)
    return { from = "news@bank.example", to = row.email, [arg[1]] = row.v, subject = "x", text = "x" }
  end,
}
`

const hostileHTML = `---
subject: For {{.v}}
preheader: To {{.v}}
layout: sheet
---
<p title="{{.v}}" class='{{.v}}'>Dear {{.v}},</p>
<p style="color: {{.v}}"><a href="{{.v}}">one</a> <a href="https://bank.example/{{.v}}?q={{.v}}">two</a>
<a href="{{link "https://bank.example/" "q" .v}}">three</a> <img src="{{.v}}" alt={{.v}}></p>
<!-- {{.v}} -->
`

const hostileLayout = `<!DOCTYPE html>
<html><head><title>{{template "subject" .}}</title><style>p { color: red }</style></head>
<body>{{template "preheader" .}}{{template "content" .}}</body></html>
`

const hostileMarkdown = `---
subject: For {{.v}}
---
# Dear {{.v}}

- {{.v}}
- [one]({{.v}}) and [two](https://bank.example/?q={{.v}}) **{{.v}}**

| a | b |
|---|---|
| {{.v}} | x |
`

const fewHTML = `---
subject: Hello
---
<p title="{{.v}}">Dear {{.v}}, <a href="https://bank.example/">two</a></p>
`

// TestHostileCells sends rows whose cells are attacks, and finds in what arrived the
// structure that a harmless row's message has.
func TestHostileCells(t *testing.T) {
	if raceEnabled {
		t.Skip("not about races")
	}
	folder := t.TempDir()
	writeHostile(t, folder)
	for _, source := range []string{"csv", "xlsx", "sql"} {
		for _, letter := range []string{"page", "mark", "few"} {
			if letter == "mark" && source != "csv" || letter == "few" && source == "csv" {
				continue // takes long, and where a value came from is forgotten by then
			}
			t.Run(source+" "+letter, func(t *testing.T) {
				caught, out := sinkOf(t, filepath.Join(folder, "hostile.lua"), source, letter)
				want := len(hostile) - len(tooLong)
				if letter == "few" {
					want = len(hostile)
				}
				if source == "sql" {
					want++ // NUL
					if err := os.Remove(filepath.Join(folder, "hostile.db")); err != nil {
						t.Fatal(err)
					}
				}
				if len(caught) != want {
					t.Errorf("%d messages arrived, of %d\n%.2000s", len(caught), want, out)
				}
				compareStructures(t, caught)
			})
		}
	}
	t.Run("names", func(t *testing.T) {
		caught, out := sinkOf(t, filepath.Join(folder, "hostile.lua"), "csv", "page", "named")
		if len(caught) != len(hostile)-len(noNames) {
			t.Errorf("%d messages arrived", len(caught))
		}
		compareStructures(t, caught)
		for _, what := range noNames {
			if !strings.Contains(out, what+"\thostile.csv: row ") {
				t.Errorf("%q became a name", what)
			}
		}
	})
	for _, field := range []string{"from", "to", "cc", "bcc", "reply_to", "sender", "subject"} {
		t.Run(field, func(t *testing.T) {
			caught, _ := sinkOf(t, filepath.Join(folder, "addresses.lua"), field)
			for _, c := range caught {
				for name := range c.header {
					if strings.HasPrefix(name, "X-Inj") || name == "Bcc" {
						t.Errorf("a cell became the field %s:\n%.500q", name, c.header)
					}
				}
				if field == "reply_to" || field == "subject" || field == "sender" {
					if got := c.header["X-Envelope-To"]; len(got) != 1 || !strings.HasSuffix(got[0], "@example.org>") || strings.Contains(got[0], "eve") {
						t.Errorf("recipients are %q", got)
					}
				}
			}
		})
	}
}

func writeHostile(t *testing.T, folder string) {
	t.Helper()
	write := func(name string, content []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := [][]string{{"email", "what", "v"}}
	for _, what := range hostileNames() {
		table = append(table, []string{fmt.Sprintf("a%d@example.org", len(table)), what, hostile[what]})
	}
	var separated, sheet bytes.Buffer
	w := csv.NewWriter(&separated)
	if err := w.WriteAll(table); err != nil {
		t.Fatal(err)
	}
	sheet.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	var records []map[string]string
	for i, cells := range table {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+1)
		for j, cell := range cells {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t xml:space="preserve">`, 'A'+j, i+1)
			if err := xml.EscapeText(&sheet, []byte(cell)); err != nil {
				t.Fatal(err)
			}
			sheet.WriteString(`</t></is></c>`)
		}
		sheet.WriteString(`</row>`)
		if i > 0 {
			records = append(records, map[string]string{"email": cells[0], "what": cells[1], "v": cells[2]})
		}
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	records = append(records, map[string]string{"email": "nul@example.org", "what": "nul", "v": nul})
	objects, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	write("hostile.csv", separated.Bytes())
	write("hostile.json", objects)
	write("hostile.xlsx", workbookOf(t, sheet.String()))
	write("hostile.lua", []byte(hostileScript))
	write("addresses.lua", []byte(addressScript))
	write("page.html", []byte(hostileHTML))
	write("page.txt", []byte("Dear {{.v}},\n\nhello.\n"))
	write("layouts/sheet.html", []byte(hostileLayout))
	write("few.html", []byte(fewHTML))
	write("mark.md", []byte(hostileMarkdown))
}

func hostileNames() []string {
	var names []string
	for name := range hostile {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// workbookOf is a workbook with one sheet, in the fewest parts.
func workbookOf(t *testing.T, sheet string) []byte {
	t.Helper()
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const packages = "http://schemas.openxmlformats.org/package/2006/"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", `<Types xmlns="` + packages + `content-types"><Default Extension="xml" ContentType="application/xml"/>` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="r1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + office + `"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="r1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", sheet},
	} {
		w, err := z.Create(part.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, part.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arrived is a message that the sink caught.
type arrived struct {
	header     mail.Header
	text, html string
	raw        string // all of it, as it was sent
}

// sinkOf runs a script against the sink and reads what was caught.
func sinkOf(t *testing.T, script string, args ...string) ([]arrived, string) {
	t.Helper()
	folder := t.TempDir()
	var out bytes.Buffer
	Main(context.Background(), append([]string{"run", "--sink=" + folder, script, "--"}, args...), strings.NewReader(""), &out, &out)
	paths, err := filepath.Glob(filepath.Join(folder, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []arrived
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		a := arrived{header: m.Header, raw: string(raw)}
		kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if kind == "multipart/alternative" {
			reader := multipart.NewReader(m.Body, params["boundary"])
			a.text, a.html = partOf(t, reader, "text/plain"), partOf(t, reader, "text/html")
			if _, err := reader.NextRawPart(); err != io.EOF {
				t.Errorf("a third part, or %v", err)
			}
		}
		all = append(all, a)
	}
	return all, out.String()
}

func partOf(t *testing.T, reader *multipart.Reader, kind string) string {
	t.Helper()
	p, err := reader.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) {
		t.Fatalf("a part is %q, and not %s", got, kind)
	}
	body := io.Reader(p)
	if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(p)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func compareStructures(t *testing.T, all []arrived) {
	t.Helper()
	i := slices.IndexFunc(all, func(a arrived) bool { return a.header.Get("X-What") == "harmless" })
	if i < 0 {
		t.Fatalf("the harmless one is not among %d messages", len(all))
	}
	fields, tags := fieldsOf(all[i].header), tagsOf(t, all[i].html)
	if !strings.Contains(tags, "<a href") || len(fields) < 8 {
		t.Fatalf("the harmless message has %q and %q", fields, tags)
	}
	for _, a := range all {
		what := a.header.Get("X-What")
		if got := fieldsOf(a.header); !slices.Equal(got, fields) {
			t.Errorf("%s: the header has the fields %q, and not %q", what, got, fields)
		}
		if got := tagsOf(t, a.html); got != tags {
			t.Errorf("%s: the HTML is built as\n%.2000s\nand not\n%s", what, got, tags)
		}
		if to, err := a.header.AddressList("To"); err != nil || len(to) != 1 || "<"+to[0].Address+">" != a.header.Get("X-Envelope-To") {
			t.Errorf("%s: To is %.300q, %v", what, a.header.Get("To"), err)
		}
		if to, err := a.header.AddressList("Reply-To"); err != nil || len(to) != 1 || to[0].Address != "service@bank.example" {
			t.Errorf("%s: Reply-To is %.300q, %v", what, a.header.Get("Reply-To"), err)
		}
		if strings.Contains(a.html, "\x00") || strings.Contains(a.raw, "\x00") {
			t.Errorf("%s: NUL arrived", what)
		}
	}
}

// fieldsOf are the names of a header, each as often as it is there.
func fieldsOf(h mail.Header) []string {
	var names []string
	for name, values := range h {
		for range values {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// tagsOf is how a document is built: its tags with the names of their attributes, its
// comments, and the schemes of its addresses where a program could run.
func tagsOf(t *testing.T, document string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			fmt.Fprintf(&b, "<%s", n.Data)
			for _, a := range n.Attr {
				fmt.Fprintf(&b, " %s", a.Key)
				value := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
				if a.Key == "href" || a.Key == "src" {
					for _, scheme := range []string{"javascript:", "vbscript:", "data:"} {
						if strings.HasPrefix(value, scheme) {
							fmt.Fprintf(&b, "=%s", scheme)
						}
					}
				}
				if a.Key == "style" && (strings.Contains(value, "url(") || strings.Contains(value, "expression(")) {
					fmt.Fprintf(&b, "=%s", a.Val)
				}
			}
			b.WriteString(">\n")
		case html.CommentNode:
			fmt.Fprintf(&b, "<!-- %s -->\n", n.Data)
		}
	}
	return b.String()
}
