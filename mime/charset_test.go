package mime

import (
	"bytes"
	"mime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

// TestCharsets writes text and subject in legacy charsets, and reads them back with
// another table than the one they were written with.
func TestCharsets(t *testing.T) {
	for _, test := range []struct{ charset, text, encoding string }{
		{"iso-8859-1", "Grüße aus der Bank\n", "quoted-printable"},
		{"ISO-8859-15", "5 € für Ännchen\n", "quoted-printable"},
		{"windows-1251", "Привет из банка, Анна. Это длинная тема письма, которая не помещается на строке\n", "base64"},
		{"iso-2022-jp", "日本語の本文と、とても長い件名がここにあります。一行には収まりません\nascii\n", "7bit"},
		{"shift_jis", "日本語の本文ソ表能\n", "base64"},
		{"euc-kr", "안녕하세요\n", "base64"},
		{"gb18030", "你好😀" + strings.Repeat("长", 60) + "\n", "base64"},
		{"big5", "銀行的問候\n", "base64"},
		{"koi8-r", "Привет\n", "base64"},
		{"us-ascii", "Hello\n", "7bit"},
		{"utf-8", "Grüße😀\n", "base64"},
	} {
		d := simple()
		d.Charset, d.Text = test.charset, test.text
		d.Subject = strings.TrimSuffix(strings.SplitAfter(test.text, "\n")[0], "\n")
		d.From[0].Name = d.Subject
		d.HTML = "<p>" + test.text + "</p>"
		m := mustBuild(t, d)
		header, root := readMessage(t, m.Bytes())
		table, err := htmlindex.Get(test.charset)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{test.text, d.HTML + "\n"} {
			part := root.Parts[i]
			got, err := table.NewDecoder().String(part.Body)
			if want = strings.ReplaceAll(want, "\n", "\r\n"); err != nil || got != want || (part.Encoding != test.encoding && i == 0) ||
				part.Parameters["charset"] != strings.ToLower(test.charset) {
				t.Errorf("%s: %q arrives as %q (%s, %v)", test.charset, want, got, part.Encoding, part.Parameters)
			}
		}
		raw := header.Get("Subject")
		if !isASCII(d.Subject) && strings.Count(raw, "=?"+strings.ToLower(test.charset)+"?") == 0 {
			t.Errorf("%s: the subject is %s", test.charset, raw)
		}
		decoder := mime.WordDecoder{CharsetReader: charsetReader}
		for word := range strings.FieldsSeq(raw) {
			if text, err := decoder.Decode(word); strings.HasPrefix(word, "=?") && (err != nil || strings.ContainsRune(text, '\uFFFD') || len(word) > wordLimit) {
				t.Errorf("%s: the word %s alone is %q, %v", test.charset, word, text, err)
			}
		}
		for _, name := range []string{"Subject", "From"} {
			got, err := decoder.DecodeHeader(header.Get(name))
			if got = strings.TrimSuffix(got, " <news@bank.example>"); err != nil || strings.Trim(got, `"`) != d.Subject {
				t.Errorf("%s: %s is %q, %v, want %q", test.charset, name, got, err, d.Subject)
			}
		}
		for line := range bytes.SplitSeq(m.Bytes(), crlf) {
			if bytes.Contains(line, []byte("=?")) && len(line) > foldAt {
				t.Errorf("%s: a line of %d: %s", test.charset, len(line), line)
			}
		}
	}
}

// TestCharsetLacks: a body never loses a character; a header field goes as UTF-8.
func TestCharsetLacks(t *testing.T) {
	d := simple()
	d.Charset, d.Text = "iso-8859-1", "5 €"
	_, err := Build(d, fixed())
	checkError(t, err, "text", "U+20AC does not exist in iso-8859-1")
	d.Text, d.HTML = "", "<p>\u0141"
	_, err = Build(d, fixed())
	checkError(t, err, "html", "U+0141 does not exist in iso-8859-1")
	d.HTML, d.Subject = "<p>ü", "5 €"
	m := mustBuild(t, d)
	if got, _ := m.Header("Subject"); got != "5 €" || !bytes.Contains(m.Bytes(), []byte("=?utf-8?")) {
		t.Errorf("the subject is %q", got)
	}
	// The table of gb18030 has it in one direction alone.
	d.Charset, d.Text, d.HTML = "gb18030", "\ue068", ""
	_, err = Build(d, fixed())
	checkError(t, err, "text", "U+E068 does not exist in gb18030")
	d.Text = "x"
	for _, name := range []string{"utf-16", "utf-16le", "utf-7", "ibm037", "x", "../../", "iso-8859-1\r\nX: y", `a"; b="`, strings.Repeat("x", 100_000)} {
		d.Charset = name
		_, err := Build(d, fixed())
		checkError(t, err, "charset", "charset")
	}
}

// unflow reads format=flowed as RFC 3676, sections 4.1 to 4.5, has it.
func unflow(text string) []string {
	var paragraphs []string
	open, depth := false, 0
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		quotes := 0
		for quotes < len(line) && line[quotes] == '>' {
			quotes++
		}
		content := strings.TrimPrefix(line[quotes:], " ")
		signature := content == "-- "
		if open && quotes == depth && !signature {
			paragraphs[len(paragraphs)-1] += content
		} else {
			prefix := strings.Repeat(">", quotes)
			if quotes > 0 && content != "" {
				prefix += " "
			}
			paragraphs = append(paragraphs, prefix+content)
		}
		open, depth = strings.HasSuffix(content, " ") && !signature, quotes
	}
	return paragraphs
}

func TestFlowed(t *testing.T) {
	long := strings.Repeat("word and another ", 20) + "end"
	text := strings.Join([]string{
		"short", "", long, " begins with a blank", "From me", ">> quoted " + long, ">", "> short", strings.Repeat("日本 語 ", 40) + "x",
		strings.Repeat("x", 200), strings.Repeat("x", 100) + " " + strings.Repeat("y", 100) + " z", "-- " + strings.Repeat("x", 90), "From " + long,
		strings.Repeat("a ", 37) + "> not a quote " + long, strings.Repeat("a ", 37) + "From x " + long, "a  b   " + long, "-- ", "Signature", ".",
	}, "\n")
	d := simple()
	d.Text, d.Flowed = text, true
	m := mustBuild(t, d)
	_, root := readMessage(t, m.Bytes())
	if root.Parameters["format"] != "flowed" {
		t.Errorf("parameters are %v", root.Parameters)
	}
	got, want := unflow(root.Body), strings.Split(text, "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("paragraph %d of %d, %d:\n got %q\nwant %q", i+1, len(got), len(want), got[min(i, len(got)-1)], want[min(i, len(want)-1)])
		}
	}
	for line := range strings.SplitSeq(root.Body, "\r\n") {
		if len([]rune(line)) > 78 && strings.Contains(strings.TrimRight(line[:78], " "), "  ") {
			t.Errorf("a line of %d: %s", len(line), line)
		}
	}
	// Without anything that has to be encoded the blanks stay where they are.
	d.Text = long
	if _, root := readMessage(t, mustBuild(t, d).Bytes()); root.Encoding != "7bit" || !strings.Contains(root.Body, " \r\n") {
		t.Errorf("%s: %q", root.Encoding, root.Body)
	}
}

// FuzzFlowed: what was broken comes together again.
func FuzzFlowed(f *testing.F) {
	f.Add("a\n> b\n-- \n" + strings.Repeat("x y ", 50))
	f.Add(strings.Repeat("a ", 37) + "> b >From  c")
	f.Fuzz(func(t *testing.T, text string) {
		if offset, _ := textFault(strings.ReplaceAll(text, "\n", "")); offset >= 0 || text == "" {
			return
		}
		var want []string
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			if line != "-- " {
				line = strings.TrimRight(line, " ")
			}
			content := strings.TrimLeft(line, ">")
			quote := line[:len(line)-len(content)]
			if content = strings.TrimPrefix(content, " "); quote != "" && content != "" {
				quote += " "
			} else if quote == "" {
				content = line
			}
			want = append(want, quote+content)
		}
		got := unflow(flow(text))
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%q\nflows as %q\nreads as %q\nwant %q", text, flow(text), got, want)
		}
	})
}
