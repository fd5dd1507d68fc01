package mime

import (
	stdmime "mime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of what is parsed, in bytes, and of comments inside comments. The parser takes
// linear time and never recurses; the limits keep a hostile cell from costing memory.
const (
	maxAddressText = 8 << 10
	maxListText    = 1 << 20
	maxComments    = 64
)

// ParseAddress reads exactly one mailbox: ann@example.org, Ann <ann@example.org>,
// "Example, Ann" <ann@example.org>. Encoded-words in the name are decoded (RFC 2047) and
// comments dropped. Refused are groups, source routes (RFC 5321, appendix F.2), folded
// lines and every control character but the tab between words. Errors are *AddressError.
func ParseAddress(text string) (Address, error) {
	if isPlainMailbox(text) {
		return Address{Mailbox: text}, nil
	}
	p := addressParser{text: text, limit: maxAddressText}
	list, err := p.parseList()
	if err != nil {
		return Address{}, err
	}
	a, ok := list[0].(Address)
	if !ok {
		return Address{}, p.fault(0, "a group where one address is wanted", "")
	}
	if len(list) > 1 {
		return Address{}, p.fault(p.second, "more than one address",
			`one list element is one address; a name with a comma stands in quotes: "Smith, Carol" <carol@example.org>`)
	}
	return a, nil
}

// ParseAddressList reads addresses and groups separated by commas (RFC 5322, section
// 3.4), up to 1 MiB. Empty elements are skipped (section 4.4), but there must be an
// address or a group. Otherwise it reads what ParseAddress does.
func ParseAddressList(text string) (AddressList, error) {
	p := addressParser{text: text, limit: maxListText}
	return p.parseList()
}

// Valid reports why ParseAddress would refuse the text, as an *AddressError, or nil.
func Valid(text string) error {
	_, err := ParseAddress(text)
	return err
}

// addressParser walks over the text once, from left to right.
type addressParser struct {
	text   string
	pos    int
	limit  int // bytes of text
	second int // where the second element of the list began
}

func (p *addressParser) fault(offset int, reason, hint string) error {
	return &AddressError{Text: p.text, Offset: offset, Reason: reason, Hint: hint}
}

// checkText refuses what no address can hold, wherever it stands. A line end is refused
// even where RFC 5322 would let it fold: addresses come from cells and options, which
// have no lines, and a line end in them is an injection or a mistake.
func (p *addressParser) checkText() error {
	if len(p.text) > p.limit {
		return p.fault(p.limit, "longer than "+strconv.Itoa(p.limit)+" bytes", "")
	}
	if offset, reason := textFault(p.text); offset >= 0 {
		return p.fault(offset, reason, hintFor(reason))
	}
	return nil
}

func (p *addressParser) parseList() (AddressList, error) {
	if err := p.checkText(); err != nil {
		return nil, err
	}
	var list AddressList
	for {
		if err := p.skipBlanks(); err != nil {
			return nil, err
		}
		if p.peek() == ',' {
			p.pos++
			continue
		}
		if p.atEnd() {
			break
		}
		if len(list) == 1 {
			p.second = p.pos
		}
		r, err := p.parseRecipient()
		if err != nil {
			return nil, err
		}
		list = append(list, r)
		if err := p.skipBlanks(); err != nil {
			return nil, err
		}
		if !p.atEnd() && p.peek() != ',' {
			return nil, p.unexpected("after the address")
		}
	}
	if len(list) == 0 {
		return nil, p.fault(0, "no address", "")
	}
	return list, nil
}

// parseMailbox reads a bare mailbox and nothing else.
func (p *addressParser) parseMailbox() (string, error) {
	if err := p.checkText(); err != nil {
		return "", err
	}
	p.skipSpace()
	if p.atEnd() {
		return "", p.fault(0, "no address", "")
	}
	mailbox, err := p.parseSpec()
	if err != nil {
		return "", err
	}
	p.skipSpace()
	if !p.atEnd() {
		return "", p.unexpected("after the address")
	}
	return mailbox, nil
}

func (p *addressParser) parseRecipient() (Recipient, error) {
	begin := p.pos
	words, err := p.parseWords()
	if err != nil {
		return nil, err
	}
	switch p.peek() {
	case ':':
		if len(words) == 0 {
			return nil, p.fault(p.pos, "the group has no name", "")
		}
		p.pos++
		return p.parseGroup(words, begin)
	default:
		return p.parseAddress(words, begin)
	}
}

// parseAddress reads what follows the words before an address: nothing, when they are
// the local part themselves, or an address in angle brackets.
func (p *addressParser) parseAddress(words []word, begin int) (Address, error) {
	switch {
	case p.peek() == '<':
		name, err := p.phrase(words, begin)
		if err != nil {
			return Address{}, err
		}
		p.pos++
		mailbox, err := p.parseAngle()
		return Address{Name: name, Mailbox: mailbox}, err
	case p.peek() == '@' && len(words) == 1:
		mailbox, err := p.parseDomain(words[0])
		return Address{Mailbox: mailbox}, err
	case p.peek() == '@' && len(words) > 1:
		return Address{}, p.fault(words[1].start, "a blank inside the address",
			"a name stands before the address in angle brackets: Ann <ann@example.org>")
	case p.peek() == '@':
		return Address{}, p.fault(p.pos, "the local part is empty", "")
	case len(words) == 0:
		return Address{}, p.unexpected("where an address begins")
	case p.atEnd() || p.peek() == ',':
		hint := ""
		if p.peek() == ',' {
			hint = `a name with a comma stands in quotes: "Smith, Carol" <carol@example.org>`
		}
		return Address{}, p.fault(begin, "no @ in the address", hint)
	}
	return Address{}, p.unexpected("in the address")
}

// parseGroup reads the members of a group up to its semicolon. A group inside a group
// is not in the grammar, so there is nothing to recurse into.
func (p *addressParser) parseGroup(words []word, begin int) (Group, error) {
	name, err := p.phrase(words, begin)
	if err != nil {
		return Group{}, err
	}
	if name == "" {
		return Group{}, p.fault(begin, "the group has no name", "")
	}
	group := Group{Name: name}
	for {
		if err := p.skipBlanks(); err != nil {
			return Group{}, err
		}
		switch p.peek() {
		case ';':
			p.pos++
			return group, nil
		case ',':
			p.pos++
			continue
		}
		if p.atEnd() {
			return Group{}, p.fault(p.pos, "the group has no closing ;", "")
		}
		start := p.pos
		words, err := p.parseWords()
		if err != nil {
			return Group{}, err
		}
		if p.peek() == ':' {
			return Group{}, p.fault(p.pos, "a group cannot hold a group", "")
		}
		a, err := p.parseAddress(words, start)
		if err != nil {
			return Group{}, err
		}
		group.Members = append(group.Members, a)
		if err := p.skipBlanks(); err != nil {
			return Group{}, err
		}
		if !p.atEnd() && p.peek() != ',' && p.peek() != ';' {
			return Group{}, p.unexpected("after the address")
		}
	}
}

// parseAngle reads the mailbox behind a < and the closing >.
func (p *addressParser) parseAngle() (string, error) {
	if err := p.skipBlanks(); err != nil {
		return "", err
	}
	switch p.peek() {
	case '@':
		return "", p.fault(p.pos, "a source route (RFC 5321, appendix F.2)", "write the address alone")
	case '>':
		return "", p.fault(p.pos, "the address is empty", "")
	}
	mailbox, err := p.parseSpec()
	if err != nil {
		return "", err
	}
	if err := p.skipBlanks(); err != nil {
		return "", err
	}
	if p.peek() != '>' {
		if p.atEnd() {
			return "", p.fault(p.pos, "a < is not closed", "")
		}
		return "", p.unexpected("in the address")
	}
	p.pos++
	return mailbox, nil
}

// parseSpec reads local@domain.
func (p *addressParser) parseSpec() (string, error) {
	w, ok, err := p.parseWord()
	if err != nil {
		return "", err
	}
	if p.peek() == '@' && !ok {
		return "", p.fault(p.pos, "the local part is empty", "")
	}
	if !ok {
		return "", p.unexpected("where an address begins")
	}
	if err := p.skipBlanks(); err != nil {
		return "", err
	}
	if p.peek() != '@' {
		if p.atEnd() || p.peek() == '>' {
			return "", p.fault(w.start, "no @ in the address", "")
		}
		return "", p.unexpected("in the address")
	}
	return p.parseDomain(w)
}

// parseDomain reads the @ and the domain behind a local part, and checks the whole.
func (p *addressParser) parseDomain(local word) (string, error) {
	if !local.quoted && !isDotAtom(local.text) {
		return "", p.fault(local.start, "the local part begins or ends with a dot, or has two in a row",
			"such a local part is legal only in quotes")
	}
	if offset, reason := localFault(local.text); offset >= 0 {
		if local.quoted {
			offset = 0 // backslashes have moved the bytes behind them
		}
		return "", p.fault(local.start+offset, reason, "")
	}
	wire := quoteLocal(local.text)
	if len(wire) > maxLocal {
		return "", p.fault(local.start, "the local part is longer than 64 octets", "")
	}

	p.pos++ // the @
	if err := p.skipBlanks(); err != nil {
		return "", err
	}
	start := p.pos
	if p.peek() == '[' {
		for !p.atEnd() && p.text[p.pos] != ']' {
			p.pos++
		}
		p.pos = min(p.pos+1, len(p.text))
	} else {
		for !p.atEnd() && isAtomByte(p.text[p.pos]) {
			p.pos++
		}
	}
	domain := p.text[start:p.pos]
	ascii, fault := asciiDomain(domain)
	if fault != nil {
		return "", p.fault(start+fault.offset, fault.reason, fault.hint)
	}
	if len(wire)+1+len(ascii) > maxMailbox {
		return "", p.fault(local.start, "the address is longer than 254 octets", "")
	}
	if whole := p.text[local.start:p.pos]; len(whole) == len(wire)+1+len(domain) && strings.HasPrefix(whole, wire) {
		return whole, nil // nothing stood between them
	}
	return wire + "@" + domain, nil
}

// phrase joins the words of a display name. Runs of atoms are decoded together, since
// the blanks between two encoded-words do not count (RFC 2047, section 6.2).
func (p *addressParser) phrase(words []word, begin int) (string, error) {
	var parts []string
	var atoms []string
	flush := func() error {
		if len(atoms) == 0 {
			return nil
		}
		decoder := stdmime.WordDecoder{CharsetReader: charsetReader}
		text, err := decoder.DecodeHeader(strings.Join(atoms, " "))
		if err != nil {
			return p.fault(begin, "an encoded-word in the name cannot be decoded", "")
		}
		parts, atoms = append(parts, text), nil
		return nil
	}
	for _, w := range words {
		if !w.quoted {
			atoms = append(atoms, w.text)
			continue
		}
		if err := flush(); err != nil {
			return "", err
		}
		parts = append(parts, strings.ReplaceAll(w.text, "\t", " "))
	}
	if err := flush(); err != nil {
		return "", err
	}
	name := strings.Trim(strings.Join(parts, " "), " \t")
	// An encoded-word can decode to anything, line ends included.
	if offset, reason := nameFault(name); offset >= 0 {
		return "", p.fault(begin, "the name "+reason, "")
	}
	return name, nil
}

func (p *addressParser) unexpected(where string) error {
	if p.atEnd() {
		return p.fault(len(p.text), "the text ends "+where, "")
	}
	hint := ""
	if p.text[p.pos] == ';' {
		hint = "addresses are separated by commas"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return p.fault(p.pos, "unexpected "+strconv.QuoteRune(r)+" "+where, hint)
}

func quoteByte(c byte) string { return strconv.QuoteRune(rune(c)) }
