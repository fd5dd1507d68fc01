package mime

import "strings"

// isPlainPhrase reports whether a name can stand as atoms with single blanks between
// them (RFC 5322, section 3.2.5). Non-ASCII letters are left to the caller.
func isPlainPhrase(name string) bool {
	blank := true // no atom has begun
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == ' ' && blank || c != ' ' && c < 0x80 && !isAtext(c) {
			return false
		}
		blank = c == ' '
	}
	return !blank
}

// maxQuotedName is the longest name written as a quoted-string. It is not folded
// inside, since readers differ in what they make of that.
const maxQuotedName = 70

// plainName returns a display name as atoms or as a quoted-string, and false for one that
// is neither: not ASCII, like an encoded-word, or long.
func plainName(name string) (string, bool) {
	if !isASCII(name) || strings.Contains(name, "=?") {
		return "", false
	}
	if isPlainPhrase(name) {
		return name, true
	}
	if strings.IndexByte(name, '\t') >= 0 {
		return "", false
	}
	quoted := quoteString(name)
	return quoted, len(quoted) <= maxQuotedName
}

// phrase writes a display name, as atoms, a quoted-string or encoded-words, and what
// comes right behind it. Behind an encoded-word that is a word of its own, since one must
// be parted from what follows (RFC 2047, section 5 (3)).
func (h *headerWriter) phrase(name, after string) {
	plain, ok := plainName(name)
	switch {
	case !ok || len(plain) > maxWord:
		if base, length := wordEncoding(name); length <= wordLimit-wordFrame && h.charset == nil {
			// Whole on the next line rather than in two: some readers keep the blank
			// between two encoded-words of a name.
			h.room(length + wordFrame + 1) // lines with an encoded-word have 76 octets at most
			before := len(h.buf)
			h.buf = appendWord(append(h.buf, ' '), name, base)
			h.col += len(h.buf) - before
		} else {
			h.encoded(name, 0)
		}
		if after != "" {
			h.word(after)
		}
	case isPlainPhrase(name):
		for atom := range strings.SplitSeq(name+after, " ") {
			h.word(atom)
		}
	default:
		h.word(plain + after)
	}
}

// address writes one mailbox whose domain is ASCII by now (Address.check).
func (h *headerWriter) address(a Address, after string) {
	if a.Name == "" {
		h.word(a.Mailbox + after)
		return
	}
	name, ok := plainName(a.Name)
	if length := len(name) + len(a.Mailbox) + len(" <>") + len(after); !ok || length >= foldAt {
		h.phrase(a.Name, "")
		h.room(len(a.Mailbox) + len(" <>") + len(after))
	} else {
		h.room(length + 1) // not folded inside, for those who read it raw
		h.glue(" ")
		h.glue(name)
	}
	h.glue(" <")
	h.glue(a.Mailbox)
	h.glue(">")
	h.glue(after)
}

// addresses writes a list (RFC 5322, section 3.4).
func (h *headerWriter) addresses(name string, list AddressList) {
	h.begin(name)
	for i, r := range list {
		after := ","
		if i == len(list)-1 {
			after = ""
		}
		h.recipient(r, after)
	}
	h.end()
}

// mailboxes writes a list in which no group can stand.
func (h *headerWriter) mailboxes(name string, list []Address) {
	h.begin(name)
	for i, a := range list {
		if i < len(list)-1 {
			h.address(a, ",")
		} else {
			h.address(a, "")
		}
	}
	h.end()
}

func (h *headerWriter) recipient(r Recipient, after string) {
	switch r := r.(type) {
	case Address:
		h.address(r, after)
	case Group:
		if len(r.Members) == 0 {
			h.phrase(r.Name, ":;"+after)
			return
		}
		h.phrase(r.Name, ":")
		last := len(r.Members) - 1
		for _, a := range r.Members[:last] {
			h.address(a, ",")
		}
		h.address(r.Members[last], ";"+after)
	}
}

// appendRecipient writes one checked recipient, folded.
func appendRecipient(dst []byte, r Recipient) []byte {
	h := headerWriter{buf: dst}
	h.recipient(r, "")
	return h.buf
}
