package inline

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// declaration is one "name: value" of a rule or style attribute.
type declaration struct {
	name      string // in lower case, but for custom properties
	value     string // without !important
	important bool
	source    string // as it was written, from the name on, without the semicolon
	// action is set where an action has a part in it, or decides whether it is there.
	action bool
	start  int
	end    int // of the source, in the sheet
}

// declarations reads what stands between the braces of a rule, or in a style attribute.
// plain is false where rules are nested in it.
func declarations(sheet string, list []token) (found []declaration, plain bool) {
	plain = true
parts:
	for _, part := range split(list, css.SemicolonToken) {
		part = trim(part)
		if len(part) < 2 {
			continue
		}
		for _, t := range part {
			if t.kind == css.LeftBraceToken && part[0].kind != css.CustomPropertyNameToken {
				plain = false
				continue parts
			}
		}
		d := declaration{start: part[0].start, end: part[len(part)-1].end}
		d.source = sheet[d.start:d.end]
		d.name = sheet[part[0].start:part[0].end]
		switch {
		case strings.HasPrefix(d.name, "--"):
		case part[0].kind == css.IdentToken:
			d.name = lower(d.name)
		default: // *zoom: 1 and other things that browsers pass over
			continue
		}
		value := trim(part[1:])
		if len(value) == 0 || value[0].kind != css.ColonToken {
			continue
		}
		value = trim(value[1:])
		if n := len(value); n > 0 && value[n-1].kind == css.IdentToken && strings.EqualFold(sheet[value[n-1].start:value[n-1].end], "important") {
			rest := trim(value[:n-1])
			if n := len(rest); n > 0 && rest[n-1].kind == css.DelimToken && sheet[rest[n-1].start] == '!' {
				value, d.important = trim(rest[:n-1]), true
			}
		}
		if len(value) == 0 {
			continue
		}
		d.value = text(sheet, value)
		found = append(found, d)
	}
	return found, plain
}

// custom says whether it sets a custom property. These stay where they are: var() finds
// them through inheritance, and @media changes them there.
func (d *declaration) custom() bool { return strings.HasPrefix(d.name, "--") }

// risky says whether readers may pass over the value, so that one set before it shows:
// it has a function other than url() and rgb(), or is of one vendor, or an action's.
func (d *declaration) risky() bool {
	if d.action || strings.HasPrefix(d.value, "-") && strings.Contains(d.value[1:], "-") {
		return true
	}
	for _, t := range tokens(d.value) {
		if t.kind == css.FunctionToken {
			if name := lower(d.value[t.start:t.end]); name != "rgb(" && name != "url(" {
				return true
			}
		}
	}
	switch lower(d.value) {
	case "inherit", "initial", "unset", "revert", "flex", "grid", "inline-flex", "inline-grid":
		return true
	}
	return false
}
