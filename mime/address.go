package mime

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of an address in octets (RFC 5321, section 4.5.3.1: a path of 256 octets
// includes its angle brackets), and ours of a display name.
const (
	maxLocal   = 64
	maxMailbox = 254
	maxName    = 1024
)

// Address is one mailbox, with the name it is shown under.
//
// The zero Address is no mailbox; as an envelope sender it is the null reverse-path.
type Address struct {
	// Name is the display name as people read it: UTF-8, neither quoted nor encoded.
	// It may be empty.
	Name string
	// Mailbox is local@domain. The local part is quoted where RFC 5321, section 4.1.2,
	// asks for it; the domain is Unicode or ASCII, as it was given.
	Mailbox string
}

// NewAddress makes an address of a name and a mailbox ("ann@example.org"). The name is
// plain text: commas, quotes and "=?" in it stand for themselves. Blanks around it are
// dropped; control characters and bidirectional overrides are refused.
func NewAddress(name, mailbox string) (Address, error) {
	name = strings.Trim(name, " \t")
	if offset, reason := nameFault(name); offset >= 0 {
		return Address{}, &AddressError{Text: name, Offset: offset, Reason: "the name " + reason, Hint: hintFor(reason)}
	}
	if isPlainMailbox(mailbox) {
		return Address{Name: name, Mailbox: mailbox}, nil
	}
	p := addressParser{text: mailbox, limit: maxAddressText}
	mailbox, err := p.parseMailbox()
	if err != nil {
		return Address{}, err
	}
	return Address{Name: name, Mailbox: mailbox}, nil
}

// nameFault finds what a display name cannot hold.
func nameFault(name string) (offset int, reason string) {
	if len(name) > maxName {
		return maxName, "is longer than 1024 octets"
	}
	if plainLength(name) == len(name) {
		return -1, ""
	}
	if offset, reason = textFault(name); offset >= 0 {
		return offset, reason
	}
	for i, r := range name {
		if isBidiOverride(r) {
			return i, controlName(r)
		}
	}
	return -1, ""
}

func hintFor(reason string) string {
	if strings.HasPrefix(reason, "invalid UTF-8") {
		return encodingHint
	}
	return ""
}

// Local returns what stands before the @, as on the wire: in quotes if it needs them.
func (a Address) Local() string {
	if at := strings.LastIndexByte(a.Mailbox, '@'); at >= 0 {
		return a.Mailbox[:at]
	}
	return a.Mailbox
}

// Domain returns what stands behind the @, as given. It is "" for the zero Address.
func (a Address) Domain() string {
	return a.Mailbox[strings.LastIndexByte(a.Mailbox, '@')+1:]
}

// NeedsUTF8 reports whether only a server with SMTPUTF8 (RFC 6531) can take the address.
// A domain never needs it, since it has an ASCII form.
func (a Address) NeedsUTF8() bool { return !isASCII(a.Mailbox) && !isASCII(a.Local()) }

// Wire returns the mailbox as MAIL and RCPT carry it between their angle brackets: the
// domain with A-labels, the local part as it is, in UTF-8 if NeedsUTF8. The zero
// Address gives "".
func (a Address) Wire() (string, error) {
	if a.Mailbox == "" {
		return "", nil
	}
	domain, fault := asciiDomain(a.Domain())
	if fault != nil {
		return "", &AddressError{Text: a.Mailbox, Offset: len(a.Local()) + 1 + fault.offset,
			Reason: fault.reason, Hint: fault.hint}
	}
	if domain == a.Domain() {
		return a.Mailbox, nil
	}
	return a.Local() + "@" + domain, nil
}

// ASCII is Wire for servers without SMTPUTF8: a local part that is not ASCII is an error,
// since it has no other form.
func (a Address) ASCII() (string, error) {
	if a.NeedsUTF8() {
		return "", &AddressError{Text: a.Mailbox, Offset: firstNonASCII(a.Mailbox),
			Reason: "the local part is not ASCII", Hint: "it needs a server that offers SMTPUTF8"}
	}
	return a.Wire()
}

// String returns the address as people read and type it: Ann Example <ann@example.org>,
// the name in quotes where it would otherwise be taken apart.
func (a Address) String() string {
	if a.Name == "" {
		return a.Mailbox
	}
	name := a.Name
	if !isPlainPhrase(name) || strings.Contains(name, "=?") {
		name = quoteString(name)
	}
	return name + " <" + a.Mailbox + ">"
}

// Header returns the address as one line of a header field, unfolded: the name encoded
// where it must be (RFC 2047, section 5), the domain with A-labels.
func (a Address) Header() (string, error) {
	checked, err := a.check()
	if err != nil {
		return "", err
	}
	return unfold(string(appendRecipient(nil, checked))), nil
}

// Addresses returns the address itself.
func (a Address) Addresses() []Address { return []Address{a} }

func (Address) recipient() {}

// check re-reads an address whose fields anybody may have set, and returns it with the
// domain in its ASCII form.
func (a Address) check() (Address, error) {
	if isPlainName(a.Name) && isPlainMailbox(a.Mailbox) {
		return a, nil
	}
	checked, err := NewAddress(a.Name, a.Mailbox)
	if err != nil {
		return Address{}, err
	}
	if isASCII(checked.Mailbox) && !hasALabel(checked.Domain()) {
		return checked, nil // it is the form of the wire
	}
	checked.Mailbox, err = checked.Wire()
	return checked, err
}

// isPlainName reports the display names that most people have. It is only there to be fast, as
// isPlainMailbox is.
func isPlainName(s string) bool {
	return s == "" || len(s) <= maxName && s[0] != ' ' && s[len(s)-1] != ' ' && plainLength(s) == len(s)
}

// isPlainMailbox reports the mailboxes that most people have: letters, digits and a few
// marks, of a size that no limit forbids. It is only there to be fast; the parser has the
// last word on all others.
func isPlainMailbox(s string) bool {
	if len(s) > maxLocal {
		return false
	}
	local, before := true, byte('.') // the byte before; a dot where a part begins
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			c = 'a'
		case c >= '0' && c <= '9':
			c = '0'
		case c == '@' && local:
			if before == '.' {
				return false
			}
			local, c = false, '.'
		case c == '.':
			if before == '.' || before == '-' && !local {
				return false
			}
		case c == '-':
			if before == '.' && !local || !local && before == '-' {
				return false // "--" can begin an A-label
			}
		case !local || c != '_' && c != '+':
			return false
		}
		before = c
	}
	// The last byte is a letter, so that the domain does not end in a number.
	return !local && before == 'a'
}

// key is equal for two spellings of one mailbox: domains have no case (RFC 5321,
// section 2.4), local parts do.
func (a Address) key() string {
	return a.Local() + "@" + strings.ToLower(a.Domain())
}

// localFault checks the text of a local part, unquoted. The ASCII half is RFC 5321,
// section 4.1.2; of the other half (RFC 6532, section 3.2) we leave out what nobody can
// see: blanks, format characters and private ones.
func localFault(local string) (offset int, reason string) {
	if local == "" {
		return 0, "the local part is empty"
	}
	for i, r := range local {
		switch {
		case r == '\t':
			return i, controlName(r)
		case r < utf8.RuneSelf:
		case r == '\u200C' || r == '\u200D':
			// The joiners are letters to scripts such as Persian and Malayalam.
		case unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Co):
			return i, "the local part " + controlName(r)
		}
	}
	return -1, ""
}

// quoteLocal returns a local part as on the wire.
func quoteLocal(local string) string {
	if isDotAtom(local) {
		return local
	}
	return quoteString(local)
}

// isDotAtom reports dot-atom-text (RFC 5322, section 3.2.3; with RFC 6532, section 3.2).
func isDotAtom(s string) bool {
	dot := true
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '.' && dot:
			return false
		case s[i] == '.':
			dot = true
		case isAtext(s[i]) || s[i] >= utf8.RuneSelf:
			dot = false
		default:
			return false
		}
	}
	return !dot
}

// isAtext reports the ASCII half of atext (RFC 5322, section 3.2.3).
func isAtext(c byte) bool { return atext[c] }

var atext = func() (is [256]bool) {
	for c := range is {
		is[c] = isAlnum(byte(c)) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", byte(c)) >= 0
	}
	return is
}()

// quoteString writes a quoted-string (RFC 5322, section 3.2.4).
func quoteString(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

func firstNonASCII(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
