package template

import (
	"regexp"
	"slices"
	"strings"
)

// hiddenPreheader shows the preheader to those who list messages and not to those
// who read them.
const hiddenPreheader = `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{{template "preheader text" .}}</div>
`

var (
	// bodyTag is a whole one, without actions; skipped is what only looks like it has one.
	bodyTag = regexp.MustCompile(`(?is)<!--.*?-->|<(?:style|script|title)\b.*?</(?:style|script|title)\b|<body(?:\s(?:[^>"']|"[^"]*"|'[^']*')*)?>`)
	// documentTag is in documents that are more than the inside of a body.
	documentTag = regexp.MustCompile(`(?i)<(?:!doctype|html|head|body|title|meta|style|link)\b`)
)

// behindBody finds where a preheader that the layout does not show goes: the segment
// and the offset in it behind <body>, or the beginning where there is nothing around
// the body. It finds nothing where actions leave a doubt: whether the tag is there,
// where it ends, or what the dot is.
func behindBody(segments []segment) (index, offset int, found bool) {
	plain := true
	var before strings.Builder
	for i := range segments {
		s := &segments[i]
		if s.keyword != "" {
			continue
		}
		plain = plain && !documentTag.MatchString(s.text)
		for _, m := range bodyTag.FindAllStringIndex(s.text, -1) {
			if strings.EqualFold(s.text[m[0]:m[0]+5], "<body") {
				before.WriteString(s.text[:m[0]])
				read := before.String()
				inComment := strings.LastIndex(read, "<!--") > strings.LastIndex(read, "-->")
				return i, m[1], !inComment && outermost(segments[:i])
			}
		}
		before.WriteString(s.text)
	}
	return 0, 0, plain
}

// outermost tells whether what follows is in no block but templates put in with the
// data of the message.
func outermost(before []segment) bool {
	var open []bool
	doubts := 0
	for i := range before {
		s := &before[i]
		switch {
		case s.opens():
			doubt := !s.always || s.text != "." && s.text != "$"
			if open = append(open, doubt); doubt {
				doubts++
			}
		case s.keyword == "end" && len(open) > 0:
			if open[len(open)-1] {
				doubts--
			}
			open = open[:len(open)-1]
		}
	}
	return doubts == 0
}

// insert puts actions into the segment of the index, at an offset.
func insert(e *expander, segments []segment, index, offset int, actions []segment, from *fragment) ([]segment, error) {
	put, err := e.expand(actions, from)
	if err != nil {
		return nil, err
	}
	if len(segments) == 0 || segments[index].keyword != "" {
		return append(put, segments...), nil
	}
	before, behind := segments[index], segments[index]
	before.text = before.text[:offset]
	behind.text, behind.offset = behind.text[offset:], behind.offset+offset
	return slices.Concat(segments[:index], []segment{before}, put, []segment{behind}, segments[index+1:]), nil
}
