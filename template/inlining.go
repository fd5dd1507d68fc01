package template

import (
	"regexp"
	"strconv"
	"strings"
)

// assignment begins what stands for actions that write nothing and choose nothing.
const assignment = "$x := "

var assigning = regexp.MustCompile(`^\$\w*\s*:?=`)

// assigns tells of actions that give a variable a value.
func (s *segment) assigns() bool { return s.keyword == "output" && assigning.MatchString(s.text) }

// inlined gives the document to the inliner, with actions that say only what kind
// they are and which, and puts the actions back.
func inlined(segments []segment, inline func(string) (string, error)) ([]segment, error) {
	prefix := "a"
	for i := 0; i < len(segments); i++ {
		if segments[i].keyword == "" && strings.Contains(segments[i].text, prefix) && strings.Contains(segments[i].text, leftDelimiter) {
			prefix, i = prefix+"a", -1
		}
	}
	var b strings.Builder
	for i := range segments {
		switch s := &segments[i]; {
		case s.keyword == "":
			b.WriteString(s.text)
		case s.always || s.assigns():
			b.WriteString("{{" + assignment + prefix + strconv.Itoa(i) + "}}")
		case s.keyword == "output":
			b.WriteString("{{" + prefix + strconv.Itoa(i) + "}}")
		default:
			b.WriteString("{{" + s.keyword + " " + prefix + strconv.Itoa(i) + "}}")
		}
	}
	html, err := inline(b.String())
	if err != nil {
		return nil, err
	}
	return restore(html, regexp.MustCompile(`\{\{(?:[a-z]+ |\$x := )?`+prefix+`([0-9]+)\}\}`), segments), nil
}
