package template

import (
	"regexp"
	"strconv"
	"strings"
)

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
		switch s := &segments[i]; s.keyword {
		case "":
			b.WriteString(s.text)
		case "output":
			b.WriteString("{{" + prefix + strconv.Itoa(i) + "}}")
		default:
			b.WriteString("{{" + s.keyword + " " + prefix + strconv.Itoa(i) + "}}")
		}
	}
	html, err := inline(b.String())
	if err != nil {
		return nil, err
	}
	return restore(html, regexp.MustCompile(`\{\{(?:[a-z]+ )?`+prefix+`([0-9]+)\}\}`), segments), nil
}
