package template

import (
	"regexp"
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
	around, plain := 0, true
	for i := range segments {
		s := &segments[i]
		switch {
		case s.opens() && s.always && (s.text == "." || s.text == "$") && around == 0:
			// The dot stays what it is; the end is one of always too.
			around--
			fallthrough
		case s.opens():
			around++
		}
		if s.keyword != "" {
			continue
		}
		plain = plain && !documentTag.MatchString(s.text)
		for _, m := range bodyTag.FindAllStringIndex(s.text, -1) {
			if strings.EqualFold(s.text[m[0]:m[0]+5], "<body") {
				return i, m[1], outermost(segments[:i])
			}
		}
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
