package mime

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// css replaces the cid: URLs that stand in url() of a style sheet. Strings and comments
// are passed over, as CSS Syntax Level 3, section 4.3, has them.
func (c *cidRewriter) css(sheet string, offset int) string {
	var out strings.Builder
	copied := 0
	for i := 0; i < len(sheet); {
		switch {
		case strings.HasPrefix(sheet[i:], "/*"):
			end := strings.Index(sheet[i+2:], "*/")
			if end < 0 {
				i = len(sheet)
			} else {
				i += 2 + end + 2
			}
		case sheet[i] == '"' || sheet[i] == '\'':
			i = cssStringEnd(sheet, i)
		case len(sheet) >= i+4 && strings.EqualFold(sheet[i:i+4], "url(") && !(i > 0 && isCSSName(sheet[i-1])):
			start, end, next := cssURL(sheet, i+4)
			value := cssUnescape(sheet[start:end])
			replaced, ok := c.local(value, offset+min(start, len(sheet)), true)
			if !ok {
				replaced = c.url(value, offset+min(start, len(sheet)))
			}
			if replaced != value {
				out.WriteString(sheet[copied:start])
				out.WriteString(replaced)
				copied = end
			}
			i = next
		default:
			i++
		}
	}
	if copied == 0 {
		return sheet
	}
	out.WriteString(sheet[copied:])
	return out.String()
}

// cssURL finds the value of a url() whose parenthesis opens before from, and where to go on.
func cssURL(sheet string, from int) (start, end, next int) {
	for from < len(sheet) && strings.IndexByte(" \t\r\n\f", sheet[from]) >= 0 {
		from++
	}
	if from < len(sheet) && (sheet[from] == '"' || sheet[from] == '\'') {
		next = cssStringEnd(sheet, from)
		end = next
		if end > from+1 && sheet[end-1] == sheet[from] {
			end--
		}
		return from + 1, max(end, from+1), next
	}
	end = from
	for end < len(sheet) && sheet[end] != ')' {
		if sheet[end] == '\\' && end+1 < len(sheet) {
			end++
		}
		end++
	}
	return from, end, min(end+1, len(sheet))
}

// cssStringEnd returns the position behind a string that opens at i.
func cssStringEnd(sheet string, i int) int {
	quote := sheet[i]
	for i++; i < len(sheet); i++ {
		switch sheet[i] {
		case quote:
			return i + 1
		case '\\':
			i++
		case '\n':
			return i // a bad string ends with its line
		}
	}
	return len(sheet)
}

func isCSSName(c byte) bool { return isAlnum(c) || c == '-' || c == '_' || c >= utf8.RuneSelf }

// cssUnescape decodes backslash escapes: up to six hex digits and a blank, or a character.
func cssUnescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		digits := 0
		for digits < 6 && i+1+digits < len(s) && isHex(s[i+1+digits]) {
			digits++
		}
		if digits == 0 {
			i++
			out.WriteByte(s[i])
			continue
		}
		code, _ := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		out.WriteRune(rune(code))
		if i += digits; i+1 < len(s) && strings.IndexByte(" \t\n", s[i+1]) >= 0 {
			i++
		}
	}
	return out.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
