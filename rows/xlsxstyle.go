package rows

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// numberFormat is what a format shows of a number.
type numberFormat byte

const (
	formatNumber numberFormat = iota
	formatDate
	formatTime
	formatDateTime
	formatDuration
)

// readStyles reads which format each style has (ECMA-376 part 1, section 18.8).
func readStyles(part *xmlPart) ([]numberFormat, error) {
	custom := map[string]numberFormat{}
	var formats []numberFormat
	inCells := false
	for {
		token, err := part.token()
		if err == io.EOF {
			return formats, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "numFmt":
				id, _ := attribute(token, "numFmtId")
				code, _ := attribute(token, "formatCode")
				custom[id] = formatOfCode(code)
			case "cellXfs":
				inCells = true
			case "xf":
				if !inCells {
					continue
				}
				id, _ := attribute(token, "numFmtId")
				format, ok := custom[id]
				if !ok {
					format = builtInFormat(id)
				}
				formats = append(formats, format)
			}
		case xml.EndElement:
			if token.Name.Local == "cellXfs" {
				inCells = false
			}
		}
	}
}

// builtInFormat is one of those that files do not spell out (section 18.8.30).
func builtInFormat(id string) numberFormat {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil:
		return formatNumber
	case n >= 14 && n <= 17, n >= 27 && n <= 31, n == 36, n >= 50 && n <= 54, n == 57, n == 58:
		return formatDate
	case n >= 18 && n <= 21, n >= 32 && n <= 35, n == 45, n == 47, n == 55, n == 56:
		return formatTime
	case n == 22:
		return formatDateTime
	case n == 46:
		return formatDuration
	}
	return formatNumber
}

// formatOfCode looks for the letters of dates and times in a format. Of its sections,
// for positive numbers and others, the first decides.
func formatOfCode(code string) numberFormat {
	var date, clock, month bool
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return formatNumber
			}
			i += end + 1
		case '\\', '_', '*':
			i++ // the character behind it is shown, left out, or repeated
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return formatNumber
			}
			if inner := strings.ToLower(code[i+1 : i+end]); inner != "" && strings.Trim(inner, "hms") == "" {
				return formatDuration
			}
			i += end
		case ';':
			i = len(code)
		case 'y', 'Y', 'd', 'D':
			date = true
		case 'h', 'H', 's', 'S':
			clock = true
		case 'm', 'M':
			month = true
		case 'A', 'a':
			if rest := strings.ToLower(code[i:]); strings.HasPrefix(rest, "am/pm") {
				i += len("am/pm") - 1
			} else if strings.HasPrefix(rest, "a/p") {
				i += len("a/p") - 1
			}
		case 'G', 'g':
			if strings.HasPrefix(strings.ToLower(code[i:]), "general") {
				i += len("general") - 1
			}
		}
	}
	switch {
	case date && clock:
		return formatDateTime
	case date, month && !clock:
		return formatDate
	case clock:
		return formatTime
	}
	return formatNumber
}
