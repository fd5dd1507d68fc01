package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// defect is one kind of bad row, and what check must say of it.
type defect struct {
	name   string
	spoil  func(cells []string, n int) // of row n
	raw    func(line string) string    // in place of spoil, of the written line
	column string                      // "" is none
	reason string                      // part of it
	count  int
	// escaped says that the reason has the cell with its line end escaped: the column
	// may be missing then.
	escaped bool
}

var defects = []defect{
	{name: "ragged", raw: func(line string) string { return line + ",one more" }, reason: "8 cells, and 7 columns", count: 5},
	{name: "encoding", spoil: func(c []string, _ int) { c[1] = "Jos\xe9" }, column: "name", reason: "UTF-8", count: 4},
	{name: "number", spoil: func(c []string, _ int) { c[2] = "12 euros" }, column: "saved", reason: `"12 euros" is no number`, count: 4},
	{name: "empty key", spoil: func(c []string, _ int) { c[0] = "" }, column: "id", reason: "the key is empty", count: 4},
	{name: "duplicate key", spoil: func(c []string, _ int) { c[0] = "K2" }, column: "id", reason: `the key "K2" is that of people.csv: row 2`, count: 4},
	{name: "address", spoil: func(c []string, n int) { c[3] = fmt.Sprintf("who%d.example.org", n) }, column: "email", reason: "no @ in the address", count: 4},
	{name: "attachment", spoil: func(c []string, n int) { c[4] = fmt.Sprintf("invoice-%d.pdf", n) }, column: "invoice", reason: "no such file", count: 4},
	{name: "template", spoil: func(c []string, _ int) { c[5] = "the day before" }, column: "due", reason: "the day before", count: 4},
	{name: "subject", spoil: func(c []string, _ int) { c[6] = "Rates\r\nBcc: eve@example.org" }, column: "topic", reason: "subject: contains a line feed", count: 4, escaped: true},
}

const badRowsScript = `
local merge, csv, mime, template = require "merge", require "csv", require "mime", require "template"
local letter = template.load "letter"
merge.run {
  name = "bad", key = "id", rows = csv.rows("people.csv", { types = { saved = "number" } }),
  message = function(row)
    return {
      from = "Bank <news@bank.example>", to = row.email, subject = row.topic, template = letter, data = row,
      attach = row.invoice and { mime.file(row.invoice) },
    }
  end,
}
`

// TestCheckNamesBadRows spoils 37 rows, in nine ways, among very many.
func TestCheckNamesBadRows(t *testing.T) {
	if raceEnabled {
		t.Skip("not about races")
	}
	folder := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("bad.lua", badRowsScript)
	write("letter.txt", "Dear {{.name}},\n\nyou have {{.saved | number 2}} until {{date .due}}.\n")
	write("terms.pdf", "%PDF-1.4\n")
	table, want := spoiltRows(badRowsIn)
	write("people.csv", table)

	var stdout, stderr bytes.Buffer
	status := Main(context.Background(), []string{"check", "--json", filepath.Join(folder, "bad.lua")}, strings.NewReader(""), &stdout, &stderr)
	if status != exitFound {
		t.Errorf("exit status %d\n%s", status, stderr.String())
	}
	var got checkReport
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rows != badRowsIn || got.Errors != len(want) || got.Good != badRowsIn-int64(len(want)) {
		t.Errorf("%d rows, %d good, %d errors, %d warnings; want %d errors", got.Rows, got.Good, got.Errors, got.Warnings, len(want))
	}
	for _, p := range got.Problems {
		if p.Severity != "error" {
			t.Errorf("%+v", p)
			continue
		}
		d, bad := want[p.Row]
		switch {
		case !bad:
			t.Errorf("row %d is good, and not: %s", p.Row, p.Reason)
		case p.File != "people.csv" || p.Column != d.column && (p.Column != "" || !d.escaped) || !strings.Contains(p.Reason, d.reason):
			t.Errorf("%s: got %+v", d.name, p)
		}
		delete(want, p.Row)
	}
	for row, d := range want {
		t.Errorf("%s: row %d is not named", d.name, row)
	}
}

// spoiltRows are n rows with each defect as often as it says, and which rows those are.
func spoiltRows(n int64) (table string, bad map[int64]defect) {
	bad = map[int64]defect{}
	var order []defect
	for _, d := range defects {
		order = append(order, slices.Repeat([]defect{d}, d.count)...)
	}
	step := n / int64(len(order)+1)
	for i, d := range order {
		bad[10+int64(i)*step+int64(i%7)] = d
	}
	var b strings.Builder
	b.WriteString("id,name,saved,email,invoice,due,topic\n")
	for row := int64(2); row < n+2; row++ {
		cells := []string{fmt.Sprintf("K%d", row), "Ann", fmt.Sprintf("%d.50", row%9000), fmt.Sprintf("a%d@example.org", row), "", "2026-12-24", "Rates"}
		if row%1000 == 0 {
			cells[4] = "terms.pdf"
		}
		d, spoilt := bad[row]
		if spoilt && d.spoil != nil {
			d.spoil(cells, int(row))
		}
		for i, c := range cells {
			if strings.ContainsAny(c, "\r\n") {
				cells[i] = `"` + c + `"`
			}
		}
		line := strings.Join(cells, ",")
		if spoilt && d.raw != nil {
			line = d.raw(line)
		}
		b.WriteString(line + "\n")
	}
	return b.String(), bad
}
