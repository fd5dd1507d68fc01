package workbook

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/thedatashed/xlsxreader"
)

// rows yields rows that are there already.
func rows(list ...[]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range list {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func write(t testing.TB, sheets ...Sheet) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := Write(t.Context(), &file, sheets, Options{Author: "Müller & Söhne", Title: "Sales <2026>"}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// message returns what an error says, and nothing of none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// sample is a workbook with a bit of everything.
func sample() []Sheet {
	berlin := time.FixedZone("CET", 3600)
	return []Sheet{
		{
			Name: "Sales & more",
			Columns: []Column{
				{Title: "Text", Type: Text}, {Title: "Number", Type: Number}, {Title: "Integer", Type: Integer},
				{Title: "Money", Type: Money, Currency: "€"}, {Title: "Percent", Type: Percent}, {Title: "Date", Type: Date},
				{Title: "Time", Type: Time}, {Title: "Bool", Type: Bool}, {Title: "Any"},
			},
			Rows: rows(
				[]any{"=1+1", 1234.5, int64(42), "19.90", 0.25, time.Date(2026, 11, 26, 23, 30, 0, 0, berlin), time.Date(2026, 11, 26, 9, 15, 30, 0, berlin), true, "=cmd|' /C calc'!A0"},
				[]any{"+491234", -0.1, int64(-1), -5, 1, "2026-11-26", "2026-11-26T09:15:00", false, 7.5},
				[]any{" Zeile\n<b>&amp;</b> \x00_x0041_ 😀", nil, nil, nil, nil, nil, nil, nil, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)},
				[]any{"007"},
				[]any{},
				[]any{int64(7), "1e3", "100", 1e-7, "0.5", "1900-03-01", "9999-12-31 23:59", nil, true},
			),
		},
		{Name: "Empty", Columns: []Column{{Title: "Nothing"}}},
		{Name: "Überschrift 表", Columns: []Column{{Title: "A", Format: "0.000", Width: 30}, {}}, Rows: rows([]any{1, "x"})},
	}
}

// TestReadBack reads a workbook with a reader that shares no code with the writer.
func TestReadBack(t *testing.T) {
	reader, err := xlsxreader.NewReader(write(t, sample()...))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Sales & more", "Empty", "Überschrift 表"}, reader.Sheets); diff != "" {
		t.Error(diff)
	}
	var got []string
	for row := range reader.ReadRows(reader.Sheets[0]) {
		if row.Error != nil {
			t.Fatal(row.Error)
		}
		var b strings.Builder
		for _, cell := range row.Cells {
			fmt.Fprintf(&b, "%s%d(%s)=%q ", cell.Column, cell.Row, cell.Type, cell.Value)
		}
		got = append(got, b.String())
	}
	want := []string{
		`A1(string)="Text" B1(string)="Number" C1(string)="Integer" D1(string)="Money" E1(string)="Percent" F1(string)="Date" G1(string)="Time" H1(string)="Bool" I1(string)="Any" `,
		`A2(string)="=1+1" B2(numerical)="1234.5" C2(numerical)="42" D2(numerical)="19.9" E2(numerical)="0.25" F2(datetime)="2026-11-26" G2(datetime)="2026-11-26T09:15:30Z" H2(boolean)="1" I2(string)="=cmd|' /C calc'!A0" `,
		`A3(string)="+491234" B3(numerical)="-0.1" C3(numerical)="-1" D3(numerical)="-5" E3(numerical)="1" F3(datetime)="2026-11-26" G3(datetime)="2026-11-26T09:15:00Z" H3(boolean)="0" I3(numerical)="7.5" `,
		"A4(string)=\" Zeile\\n<b>&amp;</b> \ufffd_x005F_x0041_ 😀\" I4(datetime)=\"2026-11-26\" ",
		`A5(string)="007" `,
		`A7(string)="7" B7(numerical)="1000" C7(numerical)="100" D7(numerical)="0.0000001" E7(numerical)="0.5" F7(datetime)="1900-03-01" G7(datetime)="9999-12-31T23:59:00Z" I7(boolean)="1" `,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestStrictReader reads the same with openpyxl, where it is installed, which undoes escapes and knows formats and panes.
func TestStrictReader(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import openpyxl").Run(); err != nil {
		t.Skip("openpyxl is not installed")
	}
	name := filepath.Join(t.TempDir(), "sample.xlsx")
	if err := os.WriteFile(name, write(t, sample()...), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `
import openpyxl, sys, warnings
warnings.simplefilter("error")
b = openpyxl.load_workbook(sys.argv[1])
print(b.sheetnames, b.properties.creator, b.properties.title, b.properties.created, b.active.title)
s = b.worksheets[0]
print(s.freeze_panes, s["A1"].font.b, s["A2"].font.b)
for row in s.iter_rows():
    for c in row:
        if c.value is not None and c.row > 1:
            print(c.coordinate, c.data_type, repr(c.value), c.number_format)
print(round(b.worksheets[2].column_dimensions["A"].width), b.worksheets[2]["A2"].number_format, b.worksheets[1].max_row)
`
	out, err := exec.Command(python, "-c", script, name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `['Sales & more', 'Empty', 'Überschrift 表'] Müller & Söhne Sales <2026> 2000-01-01 00:00:00 Sales & more
A2 True False
A2 s '=1+1' @
B2 n 1234.5 #,##0.##########
C2 n 42 #,##0
D2 n 19.9 #,##0.00\ "€"
E2 n 0.25 0.0%
F2 d datetime.datetime(2026, 11, 26, 0, 0) yyyy-mm-dd
G2 d datetime.datetime(2026, 11, 26, 9, 15, 30) yyyy-mm-dd hh:mm
H2 b True General
I2 s "=cmd|' /C calc'!A0" @
`
	if got := string(out); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "30 0.000 1\n") {
		t.Errorf("%s", got)
	}
	for _, line := range []string{`A5 s '007' @`, `A7 s '7' @`, `I4 d datetime.datetime(2026, 11, 26, 0, 0) yyyy-mm-dd`, `I7 b True General`} {
		if !strings.Contains(string(out), line+"\n") {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
}

// TestNoFormulas looks into the parts for anything that a spreadsheet would run.
func TestNoFormulas(t *testing.T) {
	var list [][]any
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")", "</v></is><f>1</f>"} {
		list = append(list, []any{text, text})
	}
	file := write(t, Sheet{Name: "=1", Columns: []Column{{Title: "=2"}, {Title: "=3", Type: Text}}, Rows: rows(list...)})
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range archive.File {
		content := read(t, part)
		if strings.Contains(content, "<f>") || strings.Contains(content, "<f ") {
			t.Errorf("%s: %s", part.Name, content)
		}
	}
}

func read(t *testing.T, part *zip.File) string {
	t.Helper()
	r, err := part.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r) // checks the sum too
	if err != nil {
		t.Fatal(part.Name, err)
	}
	return string(content)
}

// TestSameBytes writes the same several times; with several sheets the order of parts could differ.
func TestSameBytes(t *testing.T) {
	first := write(t, sample()...)
	for range 10 {
		if !bytes.Equal(first, write(t, sample()...)) {
			t.Fatal("the same input made other octets")
		}
	}
	archive, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	if archive.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the first part is %s", archive.File[0].Name)
	}
	for _, part := range archive.File {
		if at := part.Modified.UTC(); at.Year() != 1980 {
			t.Errorf("%s is of %s", part.Name, at)
		}
		read(t, part)
	}
}

// TestMistakes looks at what is said of what does not fit into a workbook.
func TestMistakes(t *testing.T) {
	column := func(kind Type, values ...any) []Sheet {
		list := [][]any{{nil, nil}}
		for _, value := range values {
			list = append(list, []any{nil, value})
		}
		return []Sheet{{Name: "S", Columns: []Column{{}, {Title: "Price", Type: kind}}, Rows: rows(list...)}}
	}
	one := []Column{{Title: "A"}}
	for _, c := range []struct {
		sheets []Sheet
		want   string
	}{
		{nil, "workbook: there are no sheets"},
		{[]Sheet{{}}, "workbook: sheet 1: the name is empty"},
		{[]Sheet{{Name: strings.Repeat("😀", 16), Columns: one}}, `workbook: sheet 1: name "` + strings.Repeat("😀", 16) + `" has 32 characters, and at most 31`},
		{[]Sheet{{Name: "a/b", Columns: one}}, `workbook: sheet 1: name "a/b" has one of : \ / ? * [ ]`},
		{[]Sheet{{Name: "'a", Columns: one}}, `workbook: sheet 1: name "'a" begins or ends with an apostrophe`},
		{[]Sheet{{Name: "history", Columns: one}}, `workbook: sheet 1: name "history" is one that Excel keeps for itself`},
		{[]Sheet{{Name: "a\nb", Columns: one}}, `workbook: sheet 1: name "a\nb" has characters that cannot be printed`},
		{[]Sheet{{Name: "Öl", Columns: one}, {Name: "öL", Columns: one}}, `workbook: sheet 2: name "öL" is that of sheet 1, but for its case`},
		{[]Sheet{{Name: "S"}}, `workbook: sheet "S": there are no columns`},
		{[]Sheet{{Name: "S", Columns: make([]Column, 16_385)}}, `workbook: sheet "S": there are 16385 columns, and at most 16384`},
		{[]Sheet{{Name: "S", Columns: []Column{{Type: "float"}}}}, `workbook: sheet "S", column A: type is "float", and not any, text, number, integer, money, percent, date, time or bool`},
		{[]Sheet{{Name: "S", Columns: []Column{{Width: 256}}}}, `workbook: sheet "S", column A: width is 256, and not 0 to 255`},
		{[]Sheet{{Name: "S", Columns: []Column{{Currency: "€"}}}}, `workbook: sheet "S", column A: a currency goes with type money, and not any`},
		{[]Sheet{{Name: "S", Columns: []Column{{Type: Money, Currency: `"x`}}}}, `workbook: sheet "S", column A: currency "\"x" is none`},
		{[]Sheet{{Name: "S", Columns: []Column{{Format: `0"x`}}}}, `workbook: sheet "S", column A: format "0\"x" has a quotation mark or bracket without its match`},
		{[]Sheet{{Name: "S", Columns: []Column{{Format: `0]`}}}}, `workbook: sheet "S", column A: format "0]" has brackets that do not match`},
		{[]Sheet{{Name: "S", Columns: []Column{{Format: `0\`}}}}, `workbook: sheet "S", column A: format "0\\" ends after "\\", which needs a character behind it`},
		{[]Sheet{{Name: "S", Columns: []Column{{Format: `0;0;0;0;0`}}}}, `workbook: sheet "S", column A: format "0;0;0;0;0" has more than 4 sections`},
		{[]Sheet{{Name: "S", Columns: one, Rows: rows([]any{1, 2})}}, `workbook: sheet "S", row 2: it has 2 values, and there are 1 columns`},
		{column(Number, "abc"), `workbook: sheet "S", row 3, column B (Price): "abc" is no number`},
		{column(Number, "1,5"), `workbook: sheet "S", row 3, column B (Price): "1,5" is no number`},
		{column(Number, "0x10"), `workbook: sheet "S", row 3, column B (Price): "0x10" is no number`},
		{column(Number, "1e999"), `workbook: sheet "S", row 3, column B (Price): "1e999" is no number that a cell can hold`},
		{column(Number, 1, math.NaN()), `workbook: sheet "S", row 4, column B (Price): NaN is no number that a cell can hold`},
		{column(Number, true), `workbook: sheet "S", row 3, column B (Price): true is no number`},
		{column(Money, "1234567890123.456"), `workbook: sheet "S", row 3, column B (Price): "1234567890123.456" has more than 15 digits, which spreadsheets round; make the column text`},
		{column(Integer, int64(1e15)), `workbook: sheet "S", row 3, column B (Price): 1000000000000000 has more than 15 digits, which spreadsheets round; make the column text`},
		{column(Any, int64(-9007199254740993)), `workbook: sheet "S", row 3, column B (Price): -9007199254740993 has more than 15 digits, which spreadsheets round; make the column text`},
		{column(Integer, 1.5), `workbook: sheet "S", row 3, column B (Price): 1.5 is no whole number`},
		{column(Date, "26.11.2026"), `workbook: sheet "S", row 3, column B (Price): "26.11.2026" is no time; it is written as 2026-11-26 or 2026-11-26T09:15:00`},
		{column(Date, "1900-02-28"), `workbook: sheet "S", row 3, column B (Price): 1900-02-28 is not between 1 March 1900 and 31 December 9999, the times spreadsheets know`},
		{column(Time, 5), `workbook: sheet "S", row 3, column B (Price): 5 is no time`},
		{column(Bool, "yes"), `workbook: sheet "S", row 3, column B (Price): "yes" is no bool`},
		{column(Text, []int{1}), `workbook: sheet "S", row 3, column B (Price): a value of type []int is no text`},
		{column(Any, []int{1}), `workbook: sheet "S", row 3, column B (Price): a value of type []int is nothing to put into a cell`},
		{column(Text, strings.Repeat("😀", 16_384)), `workbook: sheet "S", row 3, column B (Price): the text has 32768 characters, and a cell at most 32767`},
	} {
		if err := Write(t.Context(), io.Discard, c.sheets, Options{}); message(err) != c.want {
			t.Errorf("%q, and not\n%q", message(err), c.want)
		}
	}
	if err := Write(t.Context(), io.Discard, column(Text, strings.Repeat("😀", 16_383)), Options{}); err != nil {
		t.Error(err)
	}
	source := errors.New("the database is gone")
	failing := func(yield func([]any, error) bool) { _ = yield([]any{1}, nil) && yield(nil, source) }
	err := Write(t.Context(), io.Discard, []Sheet{{Name: "S", Columns: one, Rows: failing}}, Options{})
	if !errors.Is(err, source) || message(err) != `workbook: sheet "S", row 3: reading: the database is gone` {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, io.Discard, sample(), Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestNumbersAreRounded looks at digits beyond those that spreadsheets keep, and at times a reader may cut.
func TestNumbersAreRounded(t *testing.T) {
	for number, want := range map[float64]float64{0.1 + 0.2: 0.3, 1.005 * 3: 3.015, 2.675 * 100: 267.5, math.MaxFloat64: math.MaxFloat64, 5e-324: 5e-324, -1.0 / 3: -0.333333333333333} {
		if got, err := numberOf(number); err != nil || got != want {
			t.Errorf("%v: %v, %v, and not %v", number, got, err, want)
		}
	}
	for _, day := range []int{1, 26, 31} {
		for second := range 86_400 {
			at := time.Date(2026, 12, day, 0, 0, second, 0, time.UTC)
			serial, err := serialOf(at)
			if err != nil {
				t.Fatal(err)
			}
			if read := time.Duration((serial - math.Trunc(serial)) * 86_400e9); read.Truncate(time.Second) != time.Duration(second)*time.Second || read-read.Truncate(time.Second) > 100*time.Microsecond {
				t.Fatalf("%s is read as %s", at, read)
			}
		}
	}
}

// endless yields the same row as often as asked for.
func endless(row []any, count int) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for range count {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// TestTemporaryFiles writes a sheet large enough for temporary files, and looks whether they are gone, after an error too.
func TestTemporaryFiles(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder) // Windows
	row := []any{strings.Repeat("text ", 6_000)}
	sheet := Sheet{Name: "S", Columns: []Column{{Title: "Long"}}, Rows: endless(row, 570)}
	if err := Write(t.Context(), io.Discard, []Sheet{sheet}, Options{}); err != nil {
		t.Fatal(err)
	}
	sheet.Rows = func(yield func([]any, error) bool) {
		for range 570 {
			if !yield(row, nil) {
				return
			}
		}
		if left, _ := os.ReadDir(folder); len(left) == 0 {
			t.Error("there was no temporary file to remove")
		}
		yield(nil, io.ErrUnexpectedEOF)
	}
	if err := Write(t.Context(), io.Discard, []Sheet{sheet}, Options{}); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Error(left, err)
	}
}

// TestSpool writes more than fits into memory.
func TestSpool(t *testing.T) {
	var s spool
	defer s.discard()
	block := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for range 9 {
		if _, err := s.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	if err := s.copyTo(&got); err != nil || s.file == nil || !bytes.Equal(got.Bytes(), bytes.Repeat(block, 9)) {
		t.Error(err, s.file, got.Len())
	}
}

// BenchmarkWrite writes 100,000 rows of ten columns.
func BenchmarkWrite(b *testing.B) {
	columns := make([]Column, 10)
	row := make([]any, len(columns))
	for i := range row {
		row[i] = []any{"some text", 1234.5, int64(42), true, time.Date(2026, 11, 26, 9, 15, 0, 0, time.UTC)}[i%5]
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(b.Context(), io.Discard, []Sheet{{Name: "S", Columns: columns, Rows: endless(row, 100_000)}}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
