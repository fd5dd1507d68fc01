package luaapi

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/mailscript/mailscript/rows"
)

// fixtures are the files that a script finds in its project folder, by name.
var fixtures = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{
		"people.csv":   []byte("email,name,city,points\nann@example.org,Ann,Paris,3\nbob@example.org,Bob,,10\n"),
		"people.jsonl": []byte(`{"email": "ann@example.org", "city": "Paris"}` + "\n" + `{"email": "bob@example.org"}` + "\n"),
		"letter.md":    []byte("---\nsubject: Hello {{.name}}\n---\nDear **{{.name}}**,\n\nyour city is {{.city}}.\n"),
	}
	for _, name := range []string{"bear.png", "terms.pdf"} {
		content, err := os.ReadFile(filepath.Join("..", "examples", name))
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	var err error
	if files["people.xlsx"], err = peopleWorkbook(); err != nil {
		return nil, err
	}
	files["people.db"], err = peopleDatabase()
	return files, err
})

func peopleDatabase() ([]byte, error) {
	folder, err := os.MkdirTemp("", "mailscript-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	db, err := rows.OpenDatabase(ctx, "sqlite:people.db?mode=rwc", rows.DatabaseOptions{Folder: folder})
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"CREATE TABLE people (email TEXT, name TEXT, city TEXT, born DATE, points INTEGER)",
		"INSERT INTO people VALUES ('ann@example.org', 'Ann', 'Paris', '1990-05-17', 3), ('bob@example.org', 'Bob', NULL, NULL, 9007199254740993)",
	} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, "people.db"))
}

// peopleWorkbook is the least that a workbook with one sheet consists of.
func peopleWorkbook() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, file := range []struct{ name, text string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>email</t></is></c><c r="B1" t="inlineStr"><is><t>points</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>ann@example.org</t></is></c><c r="B2"><v>3</v></c></row></sheetData></worksheet>`},
	} {
		w, err := z.Create(file.name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(file.text)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// writeFixtures puts them into a folder.
func writeFixtures(folder string) error {
	files, err := fixtures()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
