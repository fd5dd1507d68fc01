package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// from opens a text as if it were a file.
func from(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// table reads a source: a line for each row, its values as Go prints them, and each
// error with its hint. The number of the row stands in front.
func table(t *testing.T, source Source) string {
	t.Helper()
	var b strings.Builder
	n := 0
	for row, err := range All(t.Context(), source) {
		if n++; n > 1000 {
			t.Fatal("no end")
		}
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			var e *Error
			if errors.As(err, &e) && e.Hint != "" {
				fmt.Fprintf(&b, "hint: %s\n", e.Hint)
			}
			continue
		}
		fmt.Fprintf(&b, "%d:", row.Number())
		for i := range row.Len() {
			value, err := row.At(i)
			if err != nil {
				fmt.Fprintf(&b, " error: %v", err)
				continue
			}
			fmt.Fprintf(&b, " %s=%s", row.Columns().Name(i), shown(value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func shown(value any) string {
	switch value := value.(type) {
	case string:
		return fmt.Sprintf("%q", value)
	case time.Time:
		return value.Format(time.RFC3339Nano)
	case Date:
		return value.String()
	case int64:
		return fmt.Sprint(value)
	case float64:
		return fmt.Sprintf("%vf", value)
	}
	return fmt.Sprintf("%v", value)
}

func TestCSV(t *testing.T) {
	for _, test := range []struct {
		name    string
		text    string
		options CSVOptions
		want    string
	}{
		{"plain", "name,age\nAnn,33\nBob,\n", CSVOptions{}, "2: name=\"Ann\" age=\"33\"\n3: name=\"Bob\" age=<nil>\n"},
		{"no last line end", "a,b\r\n1,2\r\n3,4", CSVOptions{}, "2: a=\"1\" b=\"2\"\n3: a=\"3\" b=\"4\"\n"},
		{"half a last line end", "a,b\r\n1,2\r", CSVOptions{}, "2: a=\"1\" b=\"2\"\n"},
		{"byte order mark", "\ufeffname,age\nAnn,33\n", CSVOptions{}, "2: name=\"Ann\" age=\"33\"\n"},
		{"blanks around names", " name ,\tage\u00a0\n Ann ,33\n", CSVOptions{}, "2: name=\" Ann \" age=\"33\"\n"},
		{"quotes", "name,note\n\"Smith, Ann\",\"says \"\"hi\"\"\"\n\"\",x\n", CSVOptions{}, "2: name=\"Smith, Ann\" note=\"says \\\"hi\\\"\"\n3: name=<nil> note=\"x\"\n"},
		{"line ends in quotes", "a,b\n\"1\r\n2\n3\r4\",x\n5,y\n", CSVOptions{}, "2: a=\"1\\n2\\n3\\r4\" b=\"x\"\n3: a=\"5\" b=\"y\"\n"},
		{"quotes at the end of the file", "a,b\n1,\"2\"", CSVOptions{}, "2: a=\"1\" b=\"2\"\n"},
		{"empty rows", "a,b\n\n1,2\n,\n\r\n\"\",\"\"\n3,4\n", CSVOptions{}, "3: a=\"1\" b=\"2\"\n7: a=\"3\" b=\"4\"\n"},
		{"one column", "email\nann@example.org\nbob@example.org\n", CSVOptions{}, "2: email=\"ann@example.org\"\n3: email=\"bob@example.org\"\n"},
		{"formulas and markup stay text", "a,b\n=cmd|' /C calc'!A0,<b>{{.x}}</b>\n+1,@SUM(1)\n", CSVOptions{}, "2: a=\"=cmd|' /C calc'!A0\" b=\"<b>{{.x}}</b>\"\n3: a=\"+1\" b=\"@SUM(1)\"\n"},

		{"semicolons", "name;price\nAnn;1,50\n", CSVOptions{}, "2: name=\"Ann\" price=\"1,50\"\n"},
		{"tabs", "a\tb\n1\t2\n", CSVOptions{}, "2: a=\"1\" b=\"2\"\n"},
		{"bars", "a|b\n1|2\n", CSVOptions{}, "2: a=\"1\" b=\"2\"\n"},
		{"two delimiters in the header, one fits", "id;street, no\n1;Main St\n2;High St\n", CSVOptions{}, "2: id=\"1\" street, no=\"Main St\"\n3: id=\"2\" street, no=\"High St\"\n"},
		{"two delimiters in the header, both fit", "a;b,c\n1;2,3\n", CSVOptions{}, "error: x.csv: the first row has both ',' and ';', and either may divide the cells\nhint: delimiter = \";\", or whichever it is\n"},
		{"delimiter in quotes", "\"a;b\",c\n1,2\n", CSVOptions{}, "2: a;b=\"1\" c=\"2\"\n"},
		{"given delimiter", "a:b,c\n1:2\n", CSVOptions{Delimiter: ":"}, "2: a=\"1\" b,c=\"2\"\n"},
		{"delimiter of two", "a\n", CSVOptions{Delimiter: "::"}, "error: x.csv: delimiter \"::\" is not one ASCII character other than quotes and line ends\n"},
		{"sep=", "sep=;\r\na;b,c\r\n1;2\r\n", CSVOptions{}, "3: a=\"1\" b,c=\"2\"\n"},

		{"no file", "", CSVOptions{}, "error: x.csv: is empty: not even a row with the names of columns\n"},
		{"header only", "a,b\n", CSVOptions{}, ""},
		{"names twice", "email,name,email\n1,2,3\n", CSVOptions{}, "error: x.csv: row 1, column \"email\": the name of column 1 again\nhint: name one of them differently in the file\n"},
		{"no names", ",,\n1,2,3\n", CSVOptions{}, "error: x.csv: row 1: no names of columns\n"},
		{"an empty name", "a,,b,\n1,,2,\n\"3\",,4,\n5,6,7,\n", CSVOptions{}, "2: a=\"1\" b=\"2\"\n3: a=\"3\" b=\"4\"\nerror: x.csv: row 4, column 2: \"6\" in a column without a name\nhint: name the column in the first row\n"},
		{"columns given", "1,2,3\n4,5,6\n", CSVOptions{Columns: []string{"a", "", "b"}, Delimiter: ","}, "error: x.csv: row 1, column 2: \"2\" in a column without a name\nhint: name the column in the first row\nerror: x.csv: row 2, column 2: \"5\" in a column without a name\nhint: name the column in the first row\n"},
		{"ragged", "a,b\n1\n1,2,3\n4,5\n", CSVOptions{}, "error: x.csv: row 2: 1 cells, and 2 columns\nhint: cells are divided by ',', and one that holds it stands in quotes\nerror: x.csv: row 3: 3 cells, and 2 columns\nhint: cells are divided by ',', and one that holds it stands in quotes\n4: a=\"4\" b=\"5\"\n"},
		{"rename", "E-Mail,b\n1,2\n", CSVOptions{Rename: map[string]string{"E-Mail": "email"}}, "2: email=\"1\" b=\"2\"\n"},
		{"rename what is not there", "E-Mail,b\n1,2\n", CSVOptions{Rename: map[string]string{"e-mail": "email"}}, "error: x.csv: row 1: rename: no column \"e-mail\" (did you mean \"E-Mail\"?)\nhint: its columns are E-Mail, b\n"},
		{"rename to another", "a,b\n1,2\n", CSVOptions{Rename: map[string]string{"a": "b"}}, "error: x.csv: row 1, column \"b\": rename: two columns would have this name\n"},

		{"bare quotes", "a,b\n1,2\" tube\n3,4\n", CSVOptions{}, "error: x.csv: row 2, column \"b\": quotes inside of a cell that does not begin with them\nhint: such a cell stands in quotes, and has \"\" for each of them\n3: a=\"3\" b=\"4\"\n"},
		{"text behind quotes", "a,b\n\"1\"x,2\n3,4\n", CSVOptions{}, "error: x.csv: row 2, column \"a\": text behind the quotes that close the cell\nhint: quotes inside of a cell are written \"\"\n3: a=\"3\" b=\"4\"\n"},
		{"quotes never closed", "a,b\n\"1,2\n3,4\n5,6\n", CSVOptions{}, "error: x.csv: row 2, column \"a\": quotes that are opened and not closed\n3: a=\"3\" b=\"4\"\n4: a=\"5\" b=\"6\"\n"},
		{"lone CR", "a,b\n1\r,2\n3,\"x\"\r\n\"4\",5\r6\n7,8\n", CSVOptions{}, "error: x.csv: row 2, column \"a\": a CR without a LF\nhint: if the lines of the whole file end so, save it anew: with LF or CR LF\n3: a=\"3\" b=\"x\"\nerror: x.csv: row 4, column \"b\": a CR without a LF\nhint: if the lines of the whole file end so, save it anew: with LF or CR LF\n5: a=\"7\" b=\"8\"\n"},
		{"line ends of old Macs", "a,b\r1,2\r3,4\r", CSVOptions{}, "error: x.csv: row 1, column 2: a CR without a LF\nhint: if the lines of the whole file end so, save it anew: with LF or CR LF\n"},
		{"NUL", "a,b\n1,\x00\n3,4\n", CSVOptions{}, "error: x.csv: row 2, column \"b\": a NUL\nhint: text has none; if the file is in UTF-16, encoding = \"utf-16le\"\n3: a=\"3\" b=\"4\"\n"},
		{"a row of several lines", "a,b\n\"1\n2\",3\n4,5,6\n", CSVOptions{}, "2: a=\"1\\n2\" b=\"3\"\nerror: x.csv: row 3 (line 4): 3 cells, and 2 columns\nhint: cells are divided by ',', and one that holds it stands in quotes\n"},

		{"types", "i,n,b,d,t,x\n12,1.5,yes,2026-11-24,2026-11-24 07:30,\n", CSVOptions{Types: map[string]Type{"i": TypeInteger, "n": TypeNumber, "b": TypeBoolean, "d": TypeDate, "t": TypeTime, "x": TypeInteger}},
			"2: i=12 n=1.5f b=true d=2026-11-24 t=2026-11-24T07:30:00Z x=<nil>\n"},
		{"bad cells", "i,n,b,d\nx,\"1,5\",maybe,24.11.2026\n", CSVOptions{Delimiter: ",", Types: map[string]Type{"i": TypeInteger, "n": TypeNumber, "b": TypeBoolean, "d": TypeDate}},
			"2: error: x.csv: row 2, column \"i\": \"x\" is no whole number error: x.csv: row 2, column \"n\": \"1,5\" is no number error: x.csv: row 2, column \"b\": \"maybe\" is no boolean: true, false, yes, no, 1, 0 error: x.csv: row 2, column \"d\": \"24.11.2026\" is no date such as 2026-11-24\n"},
		{"large numbers", "i,j,k\n9007199254740992,9007199254740993,-123456789012345678901234567890\n", CSVOptions{Types: map[string]Type{"i": TypeInteger, "j": TypeInteger, "k": TypeInteger}}, "2: i=9007199254740992 j=\"9007199254740993\" k=\"-123456789012345678901234567890\"\n"},
		{"words that are no numbers", "n,m,o,p\nNaN,0x10,1_000,Infinity\n", CSVOptions{Types: map[string]Type{"n": TypeNumber, "m": TypeNumber, "o": TypeInteger, "p": TypeNumber}}, "2: error: x.csv: row 2, column \"n\": \"NaN\" is no number error: x.csv: row 2, column \"m\": \"0x10\" is no number error: x.csv: row 2, column \"o\": \"1_000\" is no whole number error: x.csv: row 2, column \"p\": \"Infinity\" is no number\n"},
		{"decimal comma", "n;m\n1,5;1.000,5\n", CSVOptions{Decimal: ",", Types: map[string]Type{"n": TypeNumber, "m": TypeNumber}}, "2: n=1.5f error: x.csv: row 2, column \"m\": \"1.000,5\" is no number\n"},
		{"formats", "d,t\n4.1.2026,24/11/26 7:05\n31.2.2026,x\n", CSVOptions{Delimiter: ",", Types: map[string]Type{"d": "date:%d.%m.%Y", "t": "time:%d/%m/%y %H:%M"}}, "2: d=2026-01-04 t=2026-11-24T07:05:00Z\n3: error: x.csv: row 3, column \"d\": \"31.2.2026\" is no date such as 24.11.2026 error: x.csv: row 3, column \"t\": \"x\" is no time such as 24/11/26 07:0\n"},
		{"unknown type", "a\n1\n", CSVOptions{Types: map[string]Type{"a": "interger"}}, "error: x.csv, column \"a\": unknown type \"interger\" (did you mean \"integer\"?); there are text, integer, number, boolean, date, time\n"},
		{"type of what is not there", "age\n1\n", CSVOptions{Types: map[string]Type{"agee": "integer"}}, "error: x.csv: types: no column \"agee\" (did you mean \"age\"?)\nhint: its columns are age\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Name = "x.csv"
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"at once":        func(r io.Reader) io.Reader { return r },
				"byte by byte":   iotest.OneByteReader,
				"EOF with bytes": iotest.DataErrReader,
			} {
				test.options.Open = func() (io.ReadCloser, error) { return io.NopCloser(wrap(strings.NewReader(test.text))), nil }
				if diff := cmp.Diff(test.want, table(t, CSV("", test.options))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestCSVAtEdges moves rows of every kind over the edges of the window.
func TestCSVAtEdges(t *testing.T) {
	for shift := range 12 {
		text := "a,b\n" + strings.Repeat("x", windowSize-20+shift) + ",y\r\n\"1\"\"\r\n2\",\"z\"\r\n3,4\r\n\"5\",6\n"
		want := []string{strings.Repeat("x", windowSize-20+shift) + "|y", "1\"\n2|z", "3|4", "5|6"}
		var got []string
		for row, err := range All(t.Context(), CSV("", CSVOptions{Open: from(text)})) {
			if err != nil {
				t.Fatal(shift, err)
			}
			a, _ := row.Text(0)
			b, _ := row.Text(1)
			got = append(got, a+"|"+b)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: %s", shift, diff)
		}
	}
}

func TestCSVEncodings(t *testing.T) {
	const text = "name;city\nMüller;Köln\nŠimek;Łódź\n"
	const western = "name;city\nMüller;Köln\n€5;x\n"
	const japan = "名前,市\n山田太郎,東京ソ表\n"
	encoded := func(e encoding.Encoding, text string) string {
		s, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, test := range []struct{ name, text, encoding, want string }{
		{"UTF-8", text, "", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-8 with mark", "\ufeff" + text, "", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-8 with mark, given", "\ufeff" + text, "utf8", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-16LE with mark", "\xff\xfe" + encoded(little, text), "", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-16BE with mark", "\xfe\xff" + encoded(big, text), "", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-16LE given", encoded(little, text), "utf-16le", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"Šimek\" city=\"Łódź\"\n"},
		{"UTF-16LE not given", encoded(little, "a,b\n1,2\n"), "", "error: x.csv: row 1, column 1: a NUL\nhint: text has none; if the file is in UTF-16, encoding = \"utf-16le\"\n"},
		{"UTF-16 cut", "\xff\xfe" + encoded(little, "a\nb\n") + "x", "", "2: a=\"b\"\nerror: x.csv: row 3, column \"a\": bytes that are no utf-16le\n"},
		{"windows-1252", encoded(charmap.Windows1252, western), "windows-1252", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"€5\" city=\"x\"\n"},
		{"latin1", encoded(charmap.Windows1252, western), "latin1", "2: name=\"Müller\" city=\"Köln\"\n3: name=\"€5\" city=\"x\"\n"},
		{"windows-1252 not given", encoded(charmap.Windows1252, western), "",
			"error: x.csv: row 2, column \"name\": byte 0xFC at offset 11 is no UTF-8\nhint: encoding = \"windows-1252\" would read it as \"Müller;Köln\"; or name another that the file is in\n" +
				"error: x.csv: row 3, column \"name\": byte 0x80 at offset 22 is no UTF-8\nhint: encoding = \"windows-1252\" would read it as \"€5;x\"; or name another that the file is in\n"},
		{"Shift-JIS", encoded(japanese.ShiftJIS, japan), "Shift_JIS", "2: 名前=\"山田太郎\" 市=\"東京ソ表\"\n"},
		{"Shift-JIS not given", "a,b\n" + encoded(japanese.ShiftJIS, "山田太郎,東京ソ表\n"), "",
			"error: x.csv: row 2, column \"a\": byte 0x8E at offset 4 is no UTF-8\nhint: encoding = \"shift_jis\" would read it as \"山田太郎,東京ソ表\"\n"},
		{"Shift-JIS with what is none", "a\n\x81\x20x\n\xff\nb\n", "shift_jis", "error: x.csv: row 2, column \"a\": bytes that are no shift_jis\nerror: x.csv: row 3, column \"a\": bytes that are no shift_jis\n4: a=\"b\"\n"},
		{"invalid bytes in quotes", "a,b\n\"x\r\ny\",\"\xff\"\n1,2\n", "", "error: x.csv: row 2, column \"b\": byte 0xFF at offset 12 is no UTF-8\nhint: encoding = \"windows-1252\" would read it as \"x\"; or name another that the file is in\n3: a=\"1\" b=\"2\"\n"},
		{"a surrogate", "a\n\xed\xa0\x80\n", "", "error: x.csv: row 2, column \"a\": byte 0xED at offset 2 is no UTF-8\nhint: encoding = \"windows-1252\" would read it as \"í\\u00a0€\"; or name another that the file is in\n"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "", "error: x.csv: is in UTF-32, which is not supported\nhint: save it as UTF-8\n"},
		{"another mark", "\ufeffa\n", "windows-1252", "error: x.csv: begins with the mark of utf-8, and the encoding was given as windows-1252\nhint: leave encoding out\n"},
		{"unknown", "a\n", "window-1252", "error: x.csv: unknown encoding \"window-1252\" (did you mean \"windows-1252\"?)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := table(t, CSV("x.csv", CSVOptions{Open: from(test.text), Encoding: test.encoding}))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestKeptRows keeps every row and looks at them when all have been read.
func TestKeptRows(t *testing.T) {
	var text strings.Builder
	text.WriteString("n,a,b\n")
	const n = 20000
	for i := range n {
		fmt.Fprintf(&text, "%d,\"a %d\",b\n", i, i)
	}
	var kept []*Row
	for row, err := range All(t.Context(), CSV("", CSVOptions{Open: from(text.String()), Types: map[string]Type{"n": TypeInteger}})) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, row)
	}
	for i, row := range kept {
		if value, err := row.Get("a"); err != nil || value != fmt.Sprintf("a %d", i) {
			t.Fatal(i, value, err)
		}
		if value, _ := row.Get("n"); value != int64(i) || row.Number() != int64(i+2) {
			t.Fatal(i, value)
		}
	}
	if len(kept) != n {
		t.Error(len(kept))
	}
}

func TestCSVWideCells(t *testing.T) {
	// One byte, two and four for where cells end.
	for _, size := range []int{0, 1, 250, 251, 252, 253, 254, 255, 256, 65530, 65531, 65532, 65533, 65534, 65535, 65536, 1 << 20} {
		cell := strings.Repeat("x", size)
		for row, err := range All(t.Context(), CSV("", CSVOptions{Open: from("a,b,c\n1," + cell + ",3\n")})) {
			if err != nil {
				t.Fatal(err)
			}
			a, _ := row.Text(0)
			b, _ := row.Text(1)
			c, _ := row.Text(2)
			if a != "1" || b != cell || c != "3" {
				t.Errorf("%d: %q %d bytes %q", size, a, len(b), c)
			}
		}
	}
}

// endless repeats a text for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

func TestCSVLimits(t *testing.T) {
	for name, test := range map[string]struct{ begin, repeat, want string }{
		"cell":          {"a,b\n1,", strings.Repeat("x", 4096), "x.csv: row 2: larger than 16 MiB"},
		"columns":       {"", "a,", "x.csv: row 1: larger than 16 MiB"},
		"quotes":        {"a,b\n\"", strings.Repeat("x", 4096) + "\n", "x.csv: row 2, column \"a\": quotes that are not closed within 16 MiB"},
		"line ends":     {"a,b\n\"", "\n", "x.csv: row 2, column \"a\": quotes that are not closed within 16 MiB"},
		"doubled quote": {"a,b\n\"", "\"\"\n", "x.csv: row 2, column \"a\": quotes that are not closed within 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			open := func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader(test.begin), &endless{text: test.repeat})), nil
			}
			for _, err := range All(t.Context(), CSV("x.csv", CSVOptions{Open: open, Delimiter: ","})) {
				if err == nil || err.Error() != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				break
			}
		})
	}
	large := "a,b\n1," + strings.Repeat("x", MaxCell+1) + "\n3,4\n"
	want := "error: x.csv: row 2, column \"b\": 8388609 bytes, and a cell may have 8388608\n3: a=\"3\" b=\"4\"\n"
	if got := table(t, CSV("x.csv", CSVOptions{Open: from(large)})); got != want {
		t.Error(got)
	}
}

func TestCSVFiles(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "people.csv")
	if err := os.WriteFile(path, []byte("a\n1\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	source := CSV(path, CSVOptions{Name: "people.csv"})
	for range 2 { // sources are read again
		if n, err := Count(t.Context(), source); n != 2 || err != nil {
			t.Error(n, err)
		}
	}
	if got, want := table(t, CSV(filepath.Join(folder, "none.csv"), CSVOptions{Name: "none.csv"})), "error: none.csv: no such file\n"; got != want {
		t.Error(got)
	}
	if got, want := table(t, CSV(folder, CSVOptions{Name: "folder"})), "error: folder: is a folder\n"; got != want {
		t.Error(got)
	}
}

func TestCSVCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	open := func() (io.ReadCloser, error) { return io.NopCloser(&endless{text: "a,b\n"}), nil }
	reader, err := CSV("x.csv", CSVOptions{Open: open}).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 1000 {
		if _, err = reader.Next(); err != nil {
			break
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestUnknownColumn(t *testing.T) {
	for row := range All(t.Context(), CSV("people.csv", CSVOptions{Open: from("email,first_name\na,b\n")})) {
		for name, want := range map[string]string{
			"emial":     `people.csv: row 2: no column "emial" (did you mean "email"?)`,
			"EMAIL":     `people.csv: row 2: no column "EMAIL" (did you mean "email"?)`,
			"firstname": `people.csv: row 2: no column "firstname" (did you mean "first_name"?)`,
			"zip":       `people.csv: row 2: no column "zip"`,
		} {
			if _, err := row.Get(name); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
}
