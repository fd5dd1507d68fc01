package template

import (
	"slices"
	"strings"
)

// frontKeys are what the front matter of a file may say.
var frontKeys = []string{"subject", "preheader", "layout"}

// frontMatter cuts a file into its front matter and the rest. Front matter is a block
// of "key: value" lines between two lines of "---" at the very beginning; values are
// not YAML but templates, as they stand.
func frontMatter(file *source) (map[string]*source, *source, error) {
	const fence = "---"
	text := strings.TrimPrefix(file.text, "\ufeff")
	first, rest, more := strings.Cut(text, "\n")
	body := &source{name: file.name, text: text, line: 1, column: 1}
	if !more || strings.TrimRight(first, space) != fence {
		return nil, body, nil
	}
	front := map[string]*source{}
	for number := 2; ; number++ {
		line, after, more := strings.Cut(rest, "\n")
		at := &source{name: file.name, text: strings.TrimSuffix(line, "\r"), line: number, column: 1}
		rest = after
		if strings.TrimRight(line, space) == fence {
			body.text, body.line = rest, number+1
			return front, body, nil
		}
		if !more {
			return nil, nil, at.errorAt(0, mistakef("the front matter does not end").withHint("end it with a line of ---"))
		}
		if trimmed := strings.TrimSpace(at.text); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		key, value, found := strings.Cut(at.text, ":")
		key = strings.TrimSpace(key)
		if !found {
			return nil, nil, at.errorAt(0, mistakef("a line of front matter without a colon").withHint("write key: value"))
		}
		if !slices.Contains(frontKeys, key) {
			return nil, nil, at.errorAt(0, unknownName("front matter", key, frontKeys))
		}
		if front[key] != nil {
			return nil, nil, at.errorAt(0, mistakef("%s is given twice", key))
		}
		column := len(at.text) - len(value)
		column += len(value) - len(strings.TrimLeft(value, space))
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] &&
			strings.IndexByte(value[1:n-1], value[0]) < 0 {
			value, column = value[1:n-1], column+1
		}
		front[key] = &source{name: file.name, text: value, line: number, column: column + 1}
	}
}
