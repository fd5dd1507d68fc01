package rows

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	relationshipsXML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	officeKind       = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	sheetXML         = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1"/><sheetData>`
	sheetEnd         = `</sheetData><pageMargins left="0.7"/></worksheet>`
)

// bookParts are the parts of a workbook with two sheets, of which the second has the
// rows, the first is hidden, and a chart comes before.
func bookParts(rows string) map[string]string {
	return map[string]string{
		"_rels/.rels": relationshipsXML + `<Relationship Id="rId1" Type="` + officeKind + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + strings.TrimSuffix(officeKind, "/") + `"><workbookPr/><sheets>` +
			`<sheet name="Chart" sheetId="4" r:id="rId9"/><sheet name="Old" sheetId="2" state="hidden" r:id="rId2"/><sheet name="Leute" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relationshipsXML +
			`<Relationship Id="rId1" Type="` + officeKind + `worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + officeKind + `worksheet" Target="/xl/worksheets/Sheet2.xml"/>` +
			`<Relationship Id="rId9" Type="` + officeKind + `chartsheet" Target="chartsheets/sheet1.xml"/>` +
			`<Relationship Id="rId3" Type="` + officeKind + `styles" Target="styles.xml"/>` +
			`<Relationship Id="rId4" Type="` + officeKind + `sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": sheetXML + rows + sheetEnd,
		"xl/worksheets/sheet2.xml": sheetXML + `<row><c t="inlineStr"><is><t>old</t></is></c></row><row><c><v>7</v></c></row>` + sheetEnd,
		"xl/styles.xml": `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="[$-407]d\.\ mmmm\ yyyy;@"/><numFmt numFmtId="165" formatCode="&quot;days&quot; 0.00\d;[Red]-0.00"/><numFmt numFmtId="166" formatCode="[h]:mm"/><numFmt numFmtId="167" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>` +
			`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="21"/><xf numFmtId="167"/><xf numFmtId="9"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml": `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="99999999999999" uniqueCount="-5"><si><t>name</t></si><si><t xml:space="preserve"> Ann </t></si>` +
			`<si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r></si><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si><t>a_x000D_
b_x0000__x005F_x_xZZZZ_</t></si><si/></sst>`,
	}
}

// pack makes the bytes of a workbook.
func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// inMemory is a source of the bytes of a workbook.
func inMemory(content []byte, options XLSXOptions) Source {
	options.Name = "x.xlsx"
	return &xlsxSource{options, func() (fileAt, int64, error) { return memory{bytes.NewReader(content)}, int64(len(content)), nil }, 1 << 20}
}

const nameRow = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>`

func TestXLSX(t *testing.T) {
	for _, test := range []struct {
		name    string
		rows    string
		options XLSXOptions
		want    string
	}{
		{"texts", nameRow + `<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="s"><v>2</v></c></row><row r="3"><c r="A3" t="s"><v>3</v></c><c r="B3" t="s"><v>4</v></c></row><row r="4"><c r="A4" t="s"><v>5</v></c><c r="B4" t="str"><f>A1</f><v>x</v></c></row>`, XLSXOptions{},
			"2: name=\" Ann \" b=\"rich text\"\n3: name=\"東京\" b=\"a\\nb\\x00_x_xZZZZ_\"\n4: name=<nil> b=\"x\"\n"},
		{"inline", nameRow + `<row r="2"><c r="A2" t="inlineStr"><is><r><t>one </t></r><r><t>two</t></r></is></c><c r="B2" t="inlineStr"><is><t>=cmd|'/C calc'!A0 &lt;b&gt;{{.x}}</t></is></c></row>`, XLSXOptions{}, "2: name=\"one two\" b=\"=cmd|'/C calc'!A0 <b>{{.x}}\"\n"},
		{"line ends", nameRow + "<row r=\"2\"><c r=\"A2\" t=\"str\"><v>a&#13;\nb</v></c></row>", XLSXOptions{}, "2: name=\"a\\nb\" b=<nil>\n"},
		{"numbers", nameRow + `<row r="2"><c r="A2"><v>12</v></c><c r="B2"><v>1.5</v></c></row><row r="3"><c r="A3" t="n"><v>1.2345678901234567E+19</v></c><c r="B3" s="8"><v>0.25</v></c></row><row r="4"><c r="A4" t="b"><v>1</v></c><c r="B4" t="b"><v>0</v></c></row><row r="5"><c r="A5" s="4"><v>3</v></c><c r="B5"><v>-0.1E-5</v></c></row>`, XLSXOptions{},
			"2: name=12 b=1.5f\n3: name=1.2345678901234567e+19f b=0.25f\n4: name=true b=false\n5: name=3 b=-1e-06f\n"},
		{"dates", nameRow + `<row r="2"><c r="A2" s="1"><v>43489</v></c><c r="B2" s="2"><v>43489.25</v></c></row><row r="3"><c r="A3" s="3"><v>43489.75</v></c><c r="B3" s="7"><v>43489</v></c></row><row r="4"><c r="A4" s="5"><v>1.5</v></c><c r="B4" s="6"><v>0.3125</v></c></row><row r="5"><c r="A5" t="d"><v>2026-11-24</v></c><c r="B5" t="d"><v>2026-11-24T07:30:00</v></c></row><row r="6"><c r="A6" s="1"><v>1</v></c><c r="B6" s="1"><v>61</v></c></row><row r="7"><c r="A7" s="1"><v>60</v></c><c r="B7" s="1"><v>-1</v></c></row><row r="8"><c r="A8" s="2"><v>43489.999999999</v></c><c r="B8" s="7"><v>43489.99999</v></c></row>`, XLSXOptions{},
			"2: name=2019-01-24 b=2019-01-24T06:00:00Z\n3: name=2019-01-24 b=2019-01-24T00:00:00Z\n4: name=\"36:00:00\" b=\"07:30:00\"\n5: name=2026-11-24 b=2026-11-24T07:30:00Z\n6: name=1900-01-01 b=1900-03-01\n" +
				"7: error: x.xlsx: sheet \"Leute\", row 7, column \"name\" (A7): 60 is no date of a spreadsheet error: x.xlsx: sheet \"Leute\", row 7, column \"b\" (B7): -1 is no date of a spreadsheet\n8: name=2019-01-25T00:00:00Z b=2019-01-24T23:59:59.136Z\n"},
		{"faults of cells", nameRow + `<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2"><f>NOW()</f></c></row><row r="3"><c r="A3"><v>x1</v></c><c r="B3" t="zz"><v>1</v></c></row>`, XLSXOptions{},
			"2: error: x.xlsx: sheet \"Leute\", row 2, column \"name\" (A2): is \"#N/A\", an error of the spreadsheet error: x.xlsx: sheet \"Leute\", row 2, column \"b\" (B2): a formula without a result\n3: error: x.xlsx: sheet \"Leute\", row 3, column \"name\" (A3): \"x1\" is no number error: x.xlsx: sheet \"Leute\", row 3, column \"b\" (B3): a cell of the unknown type \"zz\"\n"},
		{"places left out", `<row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c><v>1</v></c></row><row r="9"><c r="B9"><v>2</v></c></row><row><c/><c/></row><row/>`, XLSXOptions{}, "2: name=1 b=<nil>\n9: name=<nil> b=2\n"},
		{"a column without a name", `<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="inlineStr"><is><t> d </t></is></c></row><row r="4"><c r="B4"><v>1</v></c><c r="D4"><v>2</v></c></row><row r="5"><c r="B5"><v>1</v></c><c r="C5"><v>2</v></c></row><row r="6"><c r="B6"><v>1</v></c><c r="AA6"><v>2</v></c></row>`, XLSXOptions{},
			"4: name=1 d=2\nerror: x.xlsx: sheet \"Leute\", row 5, column C5: a value in a column without a name\nhint: name the column in the row that has the names\nerror: x.xlsx: sheet \"Leute\", row 6, column AA6: a value in a column without a name\nhint: name the column in the row that has the names\n"},
		{"header given", `<row r="1"><c r="A1" t="inlineStr"><is><t>Title</t></is></c></row><row r="2"><c t="s"><v>0</v></c></row><row r="3"><c><v>1</v></c></row>`, XLSXOptions{Header: 2}, "3: name=1\n"},
		{"header given and not there", nameRow + `<row r="9"><c><v>1</v></c></row>`, XLSXOptions{Header: 3}, "error: x.xlsx: sheet \"Leute\": row 3, which should have the names of columns, is empty\n"},
		{"names twice", `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>0</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 1, column \"name\" (B1): the name of column 1 again\nhint: name one of them differently in the file\n"},
		{"numbers and dates as names", `<row r="1"><c><v>2026</v></c><c s="1"><v>43489</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>`, XLSXOptions{}, "2: 2026=1 2019-01-24=2\n"},
		{"empty", "", XLSXOptions{}, "error: x.xlsx: sheet \"Leute\": no row with the names of columns\n"},
		{"sheet", nameRow, XLSXOptions{Sheet: "Old"}, "2: old=7\n"},
		{"sheet not there", nameRow, XLSXOptions{Sheet: "leute"}, "error: x.xlsx: has no sheet \"leute\" (did you mean \"Leute\"?)\nhint: its sheets are Old, Leute\n"},
		{"rename and types", nameRow + `<row r="2"><c r="A2"><v>1234</v></c><c r="B2" t="inlineStr"><is><t>5</t></is></c></row>`, XLSXOptions{Rename: map[string]string{"name": "zip"}, Types: map[string]Type{"zip": TypeText, "b": TypeInteger}}, "2: zip=\"1234\" b=5\n"},

		{"text that is not there", nameRow + `<row r="2"><c t="s"><v>77</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: broken: text number \"77\", and there are 6\n"},
		{"negative text", nameRow + `<row r="2"><c t="s"><v>-1</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: broken: text number \"-1\", and there are 6\n"},
		{"rows in disorder", nameRow + `<row r="3"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>`, XLSXOptions{}, "3: name=1 b=<nil>\nerror: x.xlsx: sheet \"Leute\", row 3: a row numbered \"2\" behind this one\n"},
		{"cells in disorder", nameRow + `<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: a cell numbered \"A2\"\n"},
		{"cell far away", nameRow + `<row r="2"><c r="ZZZ2"><v>1</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: more than 16384 columns\n"},
		{"a row too many", nameRow + `<row r="1048577"/>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 1: a row numbered \"1048577\" behind this one\n"},
		{"an end that does not fit", nameRow + `<row r="2"><c r="A2"><v>1</c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: broken: XML syntax error on line 1: element <v> closed by </c>\n"},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]>` + nameRow + `<row r="2"><c r="A2" t="str"><v>&a;</v></c></row>`, XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 2: broken: XML syntax error on line 1: invalid character entity &a;\n"},
		{"deep", nameRow + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), XLSXOptions{}, "error: x.xlsx: sheet \"Leute\", row 1: broken behind this row: more than 64 elements inside each other\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, table(t, inMemory(pack(t, bookParts(test.rows)), test.options))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestXLSXWorkbooks(t *testing.T) {
	data := `<row r="2"><c r="A2" s="1"><v>42027</v></c><c r="B2" s="1"><v>0</v></c></row>`
	change := func(name, old, new string) map[string]string {
		parts := bookParts(nameRow + data)
		if !strings.Contains(parts[name], old) {
			t.Fatal(name, old)
		}
		parts[name] = strings.Replace(parts[name], old, new, 1)
		return parts
	}
	without := func(name string) map[string]string {
		parts := bookParts(nameRow + data)
		delete(parts, name)
		return parts
	}
	for name, test := range map[string]struct {
		parts map[string]string
		want  string
	}{
		"days since 1904":         {change("xl/workbook.xml", "<workbookPr/>", `<workbookPr date1904="1"/>`), "2: name=2019-01-24 b=1904-01-01\n"},
		"strict":                  {change("xl/_rels/workbook.xml.rels", officeKind+"worksheet", "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet"), "2: name=2015-01-23 b=1899-12-31\n"},
		"no relations":            {without("_rels/.rels"), "2: name=2015-01-23 b=1899-12-31\n"},
		"no workbook":             {without("xl/workbook.xml"), "error: x.xlsx: has no part \"xl/workbook.xml\", which another refers to\n"},
		"no sheet":                {without("xl/worksheets/sheet1.xml"), "error: x.xlsx: sheet \"Leute\": has no part \"xl/worksheets/sheet1.xml\", which another refers to\n"},
		"binary":                  {change("_rels/.rels", "xl/workbook.xml", "xl/workbook.bin"), "error: x.xlsx: is a binary workbook\nhint: save it as .xlsx\n"},
		"all hidden":              {change("xl/workbook.xml", `sheetId="1"`, `sheetId="1" state="veryHidden"`), "error: x.xlsx: has no sheet that is not hidden\n"},
		"broken styles":           {change("xl/styles.xml", "</numFmts>", ""), "error: x.xlsx: part \"xl/styles.xml\": XML syntax error on line 1: element <numFmts> closed by </styleSheet>\n"},
		"cut shared texts":        {change("xl/sharedStrings.xml", "</sst>", ""), "error: x.xlsx: part \"xl/sharedStrings.xml\": XML syntax error on line 2: unexpected EOF\n"},
		"a relation to nowhere":   {change("xl/_rels/workbook.xml.rels", `Target="styles.xml"`, `Target="../../../etc/passwd"`), "error: x.xlsx: has no part \"../../etc/passwd\", which another refers to\n"},
		"the same part twice":     {func() map[string]string { p := bookParts(nameRow); p["XL/Workbook.xml"] = ""; return p }(), "error: x.xlsx: has two parts with the name \"xl/workbook.xml\"\n"},
		"the end of the sheet":    {change("xl/worksheets/sheet1.xml", sheetEnd, ""), "2: name=2015-01-23 b=1899-12-31\nerror: x.xlsx: sheet \"Leute\", row 2: broken behind this row: XML syntax error on line 1: unexpected EOF\n"},
		"cut in the middle":       {change("xl/worksheets/sheet1.xml", "<v>0</v></c></row>"+sheetEnd, "<v>0"), "error: x.xlsx: sheet \"Leute\", row 2: broken: XML syntax error on line 1: unexpected EOF\n"},
		"invalid UTF-8 in a text": {change("xl/sharedStrings.xml", "rich ", "\xff"), "error: x.xlsx: part \"xl/sharedStrings.xml\": XML syntax error on line 1: invalid UTF-8\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, table(t, inMemory(pack(t, test.parts), XLSXOptions{}))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for content, want := range map[string]string{
		"":                                  "error: x.xlsx: is no workbook: not a valid zip file\nhint: only .xlsx can be read; text has a source of its own\n",
		"name,age\nAnn,33\n":                "error: x.xlsx: is no workbook: not a valid zip file\nhint: only .xlsx can be read; text has a source of its own\n",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ": "error: x.xlsx: is a workbook with a password, or one of Excel before 2007\nhint: save it as .xlsx without a password\n",
	} {
		if got := table(t, inMemory([]byte(content), XLSXOptions{})); got != want {
			t.Error(got)
		}
	}
}

// bomb is a part that repeats a text until it has a size, compressed.
func bomb(t *testing.T, parts map[string]string, name, begin, repeat string, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for part, content := range parts {
		if part == name {
			continue
		}
		f, err := w.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, io.MultiReader(strings.NewReader(begin), io.LimitReader(&endless{text: strings.Repeat(repeat, 4096)}, int64(size)))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSXBombs(t *testing.T) {
	for name, test := range map[string]struct {
		part, begin, repeat string
		size                int
		want                string
	}{
		"a cell":       {"xl/worksheets/sheet1.xml", sheetXML + nameRow + `<row r="2"><c r="A2" t="str"><v>`, "x", MaxCell + 1<<20, "error: x.xlsx: sheet \"Leute\", row 2: broken: a text larger than 8 MiB\n"},
		"an attribute": {"xl/worksheets/sheet1.xml", sheetXML + nameRow + `<row r="`, "1", MaxCell + 1<<20, "error: x.xlsx: sheet \"Leute\", row 1: broken behind this row: a text larger than 8 MiB\n"},
		"a comment":    {"xl/worksheets/sheet1.xml", sheetXML + nameRow + `<!-- `, "<a>", MaxCell + 1<<20, "error: x.xlsx: sheet \"Leute\", row 1: broken behind this row: a text larger than 8 MiB\n"},
		"cells":        {"xl/worksheets/sheet1.xml", sheetXML + nameRow + `<row r="2">`, "<c/>", 1 << 20, "error: x.xlsx: sheet \"Leute\", row 2: more than 16384 columns\n"},
		"styles":       {"xl/styles.xml", "<styleSheet>", "<a/>", maxSmallPart, "error: x.xlsx: its part \"xl/styles.xml\" has 16777228 bytes, and 16777216 can be read\n"},
		"runs":         {"xl/sharedStrings.xml", "<sst><si>", "<r><t>" + strings.Repeat("x", 4096) + "</t></r>", MaxCell + 1<<20, "error: x.xlsx: part \"xl/sharedStrings.xml\": a text larger than 8 MiB\n"},
		"texts":        {"xl/sharedStrings.xml", "<sst>", "<si><t>" + strings.Repeat("x", 8192) + "</t></si>", 2 << 20, "error: x.xlsx: part \"xl/sharedStrings.xml\": more than 1 MiB or 16777216 of texts\nhint: save the sheet as CSV, which can be of any size\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := table(t, inMemory(bomb(t, bookParts(nameRow), test.part, test.begin, test.repeat, test.size), XLSXOptions{})); got != test.want {
				t.Error(got)
			}
		})
	}
}

// TestXLSXDeclaredSizes has parts that say they are smaller than they are.
func TestXLSXDeclaredSizes(t *testing.T) {
	parts := bookParts(nameRow)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range parts {
		header := &zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(content)), CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))}
		if name == "xl/worksheets/sheet1.xml" {
			header.UncompressedSize64 = 400
		}
		f, err := w.CreateRaw(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := table(t, inMemory(b.Bytes(), XLSXOptions{})); !strings.HasPrefix(got, "error: ") || strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}

// TestXLSXChecksum changes a byte of what a sheet has behind its rows.
func TestXLSXChecksum(t *testing.T) {
	parts := bookParts(nameRow + `<row r="2"><c><v>1</v></c></row>`)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := bytes.Replace(b.Bytes(), []byte(`left="0.7"`), []byte(`left="0.8"`), 1)
	want := "2: name=1 b=<nil>\nerror: x.xlsx: sheet \"Leute\", row 2: broken behind this row: zip: checksum error\n"
	if got := table(t, inMemory(content, XLSXOptions{})); got != want {
		t.Error(got)
	}
}

func TestXLSXFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.xlsx")
	if err := os.WriteFile(path, pack(t, bookParts(nameRow+`<row r="2"><c><v>1</v></c></row>`)), 0o600); err != nil {
		t.Fatal(err)
	}
	source := XLSX(path, XLSXOptions{})
	for range 2 {
		if n, err := Count(t.Context(), source); n != 1 || err != nil {
			t.Error(n, err)
		}
	}
	row := only(t, source)
	if place := row.Place(); place != (Place{File: path, Sheet: "Leute", Row: 2}) {
		t.Error(place)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reader, err := source.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cancel()
	if _, err := reader.Next(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := table(t, XLSX(filepath.Join(t.TempDir(), "none"), XLSXOptions{Name: "none.xlsx"})); got != "error: none.xlsx: no such file\n" {
		t.Error(got)
	}
}

func TestFormats(t *testing.T) {
	for code, want := range map[string]numberFormat{
		"General": formatNumber, "0.00": formatNumber, "#,##0.00 [$€-407]": formatNumber, `0.00E+00`: formatNumber, `0 "days"`: formatNumber, `0\d`: formatNumber, "[Red]0": formatNumber, "@": formatNumber, `_-* #,##0.00\ "€"_-;\-* #,##0.00`: formatNumber, "0;d": formatNumber, `"`: formatNumber, "[": formatNumber, `\`: formatNumber,
		"yyyy-mm-dd": formatDate, "D/M/YY": formatDate, "mmm": formatDate, `[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`: formatDate, `yyyy"年"m"月"d"日"`: formatDate,
		"h:mm AM/PM": formatTime, "mm:ss": formatTime, "hh:mm:ss": formatTime, `h"時"mm"分"`: formatTime,
		"yyyy-mm-dd hh:mm": formatDateTime, "[$-409]m/d/yy h:mm AM/PM;@": formatDateTime,
		"[h]:mm:ss": formatDuration, "[mm]:ss": formatDuration, "[SS].0": formatDuration,
	} {
		if got := formatOfCode(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}

func TestColumnLetters(t *testing.T) {
	for number, letters := range map[int]string{1: "A", 26: "Z", 27: "AA", 702: "ZZ", 703: "AAA", 16384: "XFD"} {
		if got := columnLetters(number); got != letters {
			t.Errorf("%d: %s, want %s", number, got, letters)
		}
		if got, ok := columnNumber(letters + "7"); !ok || got != number-1 {
			t.Errorf("%s: %d, want %d", letters, got, number-1)
		}
	}
	for _, bad := range []string{"", "1", "A", "AAAA1", "A-1", "Ä1"} {
		if n, ok := columnNumber(bad); ok {
			t.Errorf("%s is column %d", bad, n)
		}
	}
}

// FuzzXLSX reads hostile rows and shared texts: an error or a value, and no more
// memory than the limits allow.
func FuzzXLSX(f *testing.F) {
	f.Add(nameRow+`<row r="2"><c r="A2" s="1"><v>43489</v></c><c t="s"><v>2</v></c></row>`, `<si><t>x</t></si><si><r><t>y</t></r></si>`, "yyyy-mm-dd")
	f.Add(`<row r="x">`, `<si>`, `"`)
	f.Add(nameRow+`<row><c r="B1" t="e"><v>#N/A</v></c></row>`, `<si><t>_x000D_</t><rPh><t>z</t></rPh></si>`, "[h]")
	f.Fuzz(func(t *testing.T, rows, texts, code string) {
		parts := bookParts(rows)
		parts["xl/sharedStrings.xml"] = "<sst>" + texts + "</sst>"
		parts["xl/styles.xml"] = fmt.Sprintf("<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=%q/></numFmts><cellXfs><xf/><xf numFmtId=\"164\"/></cellXfs></styleSheet>", code)
		for row, err := range All(t.Context(), inMemory(pack(t, parts), XLSXOptions{})) {
			if err != nil {
				checkFault(t, err)
				continue
			}
			for _, e := range row.Check() {
				checkFault(t, e)
			}
			if first, again := row.Hash(), row.Hash(); first != again {
				t.Error("a hash that changes")
			}
		}
	})
}
