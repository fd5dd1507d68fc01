package rows

import (
	"bytes"
	"fmt"
	"strings"
)

// delimiters are those that are found by themselves.
const delimiters = ",;\t|"

// findDelimiter looks for what divides the cells of a file, in its beginning: the one
// of the delimiters that stands in the first row outside of quotes. Where several do,
// it is the one that divides the first rows all into as many cells, and an error where
// that does not decide either. A row without any is of one column.
func findDelimiter(begin []byte) (byte, error) {
	candidates := []byte{}
	for _, delimiter := range []byte(delimiters) {
		if cells, _ := countCells(begin, delimiter); cells > 1 {
			candidates = append(candidates, delimiter)
		}
	}
	switch len(candidates) {
	case 0:
		return ',', nil
	case 1:
		return candidates[0], nil
	}
	even := []byte{}
	for _, delimiter := range candidates {
		if evenly(begin, delimiter) {
			even = append(even, delimiter)
		}
	}
	if len(even) == 1 {
		return even[0], nil
	}
	return 0, fmt.Errorf("the first row has both %q and %q, and either may divide the cells", candidates[0], candidates[1])
}

// evenly says whether the first rows have as many cells each. The last one, which may
// be cut off, does not count unless it is the only one beside the header.
func evenly(begin []byte, delimiter byte) bool {
	const most = 20 // rows
	want, size := countCells(begin, delimiter)
	for n := 1; n < most; n++ {
		begin = begin[size:]
		if len(begin) == 0 {
			return true
		}
		var cells int
		cells, size = countCells(begin, delimiter)
		if size == 1 || size == 2 && begin[0] == '\r' {
			continue // an empty row
		}
		if size == len(begin) && begin[size-1] != '\n' && n > 1 {
			return true
		}
		if cells != want {
			return false
		}
	}
	return true
}

// countCells counts the cells of the first row, and its bytes with the line end. It
// looks at quotes where they open a cell.
func countCells(text []byte, delimiter byte) (cells, size int) {
	cells = 1
	opens, quoted := true, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted:
			if c == '"' {
				if i+1 < len(text) && text[i+1] == '"' {
					i++
				} else {
					quoted = false
				}
			}
			continue
		case c == '"' && opens:
			quoted = true
		case c == '\n':
			return cells, i + 1
		case c == delimiter:
			cells++
			opens = true
			continue
		}
		opens = false
	}
	return cells, len(text)
}

// separatorLine is a first line `sep=;`, by which Excel is told the delimiter.
func separatorLine(begin []byte) (delimiter byte, size int, found bool) {
	end := bytes.IndexByte(begin, '\n')
	if end < 0 {
		return 0, 0, false
	}
	line := strings.TrimSuffix(string(begin[:end]), "\r")
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") && checkDelimiter(line[4:]) == nil {
		return line[4], end + 1, true
	}
	return 0, 0, false
}

// checkDelimiter says what is wrong with a delimiter.
func checkDelimiter(delimiter string) error {
	if len(delimiter) != 1 || delimiter[0] >= 0x80 || strings.ContainsAny(delimiter, "\"\r\n\x00") {
		return fmt.Errorf("delimiter %q is not one ASCII character other than quotes and line ends", delimiter)
	}
	return nil
}
