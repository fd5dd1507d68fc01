package rows

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	utf16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// marks are the byte order marks that files begin with.
var marks = []struct {
	bytes    string
	encoding string
}{
	{"\xef\xbb\xbf", "utf-8"},
	{"\xff\xfe\x00\x00", "utf-32le"},
	{"\xff\xfe", "utf-16le"},
	{"\xfe\xff", "utf-16be"},
}

// textFile is an open file as UTF-8, behind its mark.
type textFile struct {
	io.Reader
	file     io.Closer
	encoding string // its canonical name
	// decoded text has U+FFFD where the file has what its encoding does not know.
	decoded bool
	skipped int64 // bytes of the mark
}

func (f *textFile) Close() error { return f.file.Close() }

// openText opens a file. The encoding is the one given, or that of the mark, or UTF-8,
// which is what every row is checked for later: nothing else can be told from its bytes.
func openText(place Place, open func() (io.ReadCloser, error), given string) (*textFile, error) {
	fail := func(text, hint string) error { return &Error{Place: place, Text: text, Hint: hint, Fatal: true} }
	name, wanted, err := findEncoding(given)
	if err != nil {
		return nil, fail(err.Error(), "")
	}
	file, err := open()
	if err != nil {
		return nil, openFault(place, err)
	}
	var begin [4]byte
	n, err := io.ReadFull(file, begin[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		file.Close()
		return nil, readFault(place, err)
	}
	text := &textFile{file: file, encoding: name}
	for _, mark := range marks {
		if !bytes.HasPrefix(begin[:n], []byte(mark.bytes)) {
			continue
		}
		// A mark of UTF-16 is ÿþ to windows-1252, and no file begins so.
		if given != "" && name != mark.encoding && !(strings.HasPrefix(name, "utf-16") && mark.encoding == "utf-32le") {
			file.Close()
			return nil, fail(fmt.Sprintf("begins with the mark of %s, and the encoding was given as %s", mark.encoding, given), "leave encoding out")
		}
		if mark.encoding == "utf-32le" && given == "" {
			file.Close()
			return nil, fail("is in UTF-32, which is not supported", "save it as UTF-8")
		}
		if mark.encoding != "utf-32le" {
			text.encoding, text.skipped = mark.encoding, int64(len(mark.bytes))
		} else {
			text.encoding, text.skipped = "utf-16le", 2
		}
		break
	}
	rest := io.MultiReader(bytes.NewReader(begin[text.skipped:n]), file)
	switch text.encoding {
	case "utf-8":
		text.Reader = rest
		return text, nil
	case "utf-16le":
		wanted = utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM)
	case "utf-16be":
		wanted = utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM)
	}
	text.decoded = true
	text.Reader = transform.NewReader(rest, wanted.NewDecoder())
	return text, nil
}

// findEncoding finds an encoding by any of the names that the WHATWG's list has.
func findEncoding(given string) (string, encoding.Encoding, error) {
	if given == "" {
		return "utf-8", nil, nil
	}
	e, err := htmlindex.Get(given)
	if err != nil {
		known := []string{"utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1250", "windows-1251", "iso-8859-1", "iso-8859-2", "iso-8859-15", "macintosh", "shift_jis", "euc-jp", "gb18030", "gbk", "big5", "euc-kr"}
		return "", nil, fmt.Errorf("unknown encoding %q%s", given, didYouMean(given, known))
	}
	name, err := htmlindex.Name(e)
	if err != nil || name == "replacement" {
		return "", nil, fmt.Errorf("unknown encoding %q", given)
	}
	return name, e, nil
}

// encodingHint says what text that is no UTF-8 may be. It only proposes: nobody can
// tell windows-1252 from its neighbours by the bytes.
func encodingHint(text []byte) string {
	const most = 200 // bytes, of which an excerpt is shown
	at := invalidAt(text)
	from := max(0, at-20)
	for from < at && !utf8.RuneStart(text[from]) {
		from++
	}
	part := text[from:min(len(text), from+most)]
	if at >= 0 && bytes.IndexByte(text[:min(len(text), most)], 0) >= 0 {
		return `encoding = "utf-16le" or another that the file is in`
	}
	shown := func(e encoding.Encoding) string {
		decoded, err := e.NewDecoder().Bytes(part)
		if err != nil {
			return ""
		}
		return firstLine(string(decoded))
	}
	if isJapanese(part) {
		return fmt.Sprintf(`encoding = "shift_jis" would read it as %s`, excerpt(shown(japanese.ShiftJIS)))
	}
	return fmt.Sprintf(`encoding = "windows-1252" would read it as %s; or name another that the file is in`, excerpt(shown(charmap.Windows1252)))
}

func firstLine(text string) string {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return text[:i]
	}
	return text
}

// isJapanese says whether bytes look like Shift-JIS: all of it, and at least two
// letters of two bytes that are kana or common kanji. Of western text, which has
// accents one at a time between letters, little is.
func isJapanese(part []byte) bool {
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(part)
	if err != nil {
		return false
	}
	letters, halfWidth, bad := 0, 0, 0
	for _, r := range string(text) {
		switch {
		case r == utf8.RuneError:
			bad++
		case r >= 0xff61 && r <= 0xff9f:
			halfWidth++ // one byte each: accents look like them
		case unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han):
			letters++
		}
	}
	// The last letter may have been cut in two.
	return bad <= 1 && letters >= 2 && letters > halfWidth
}

// invalidAt is where text stops being UTF-8, or -1.
func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// openFile opens a path for reading, as one that can be read again.
func openFile(path string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		// Opening a named pipe would wait for its writer.
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			return nil, errFolder
		}
		if !info.Mode().IsRegular() {
			return nil, errIrregular
		}
		return os.Open(path)
	}
}
