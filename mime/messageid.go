package mime

import "strings"

// maxMessageID is ours, in octets with the angle brackets; RFC 5322 knows only the line.
const maxMessageID = 255

// checkMessageID returns a given Message-ID with its angle brackets: <id-left@id-right>
// (RFC 5322, section 3.6.4).
func checkMessageID(id string) (string, *Error) {
	refuse := func(offset int, reason string) (string, *Error) {
		return "", &Error{Field: "message_id", Value: id, Offset: offset, Reason: reason,
			Hint: "a message id looks like <name@example.org>"}
	}
	inner := id
	if strings.HasPrefix(id, "<") && strings.HasSuffix(id, ">") && len(id) > 1 {
		inner = id[1 : len(id)-1]
	}
	if offset, reason := textFault(id); offset >= 0 {
		return refuse(offset, reason)
	}
	if len(inner) > maxMessageID-2 {
		return refuse(maxMessageID, "longer than 255 octets")
	}
	if i := firstNonASCII(id); i >= 0 {
		return refuse(i, "not ASCII")
	}
	left, right, ok := strings.Cut(inner, "@")
	if !ok || !isDotAtom(left) || (!isDotAtom(right) && !isNoFoldLiteral(right)) {
		return refuse(-1, "not a message id")
	}
	return "<" + inner + ">", nil
}

// isNoFoldLiteral reports "[" *dtext "]".
func isNoFoldLiteral(s string) bool {
	return len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' && !strings.ContainsAny(s[1:len(s)-1], "[]\\ \t<>@")
}
