package mime

import "bytes"

// The transfer encodings we write (RFC 2045, section 6). 8bit and binary are not among
// them: a message that is 7-bit goes through every server unchanged, signature and all
// (RFC 6376, section 5.3).
const (
	encoding7Bit   = "7bit"
	encodingQP     = "quoted-printable"
	encodingBase64 = "base64"
)

// encodedBody is a body as it goes over the wire. Its bytes are never changed, so that
// any number of messages can share them.
type encodedBody struct {
	encoding string
	data     []byte
}

// encodeText encodes text whose line ends are CRLF: as it is where nothing on the way
// would change it, else as quoted-printable or base64, whichever is shorter.
func encodeText(text []byte) encodedBody {
	if isPlain7Bit(text) {
		return encodedBody{encoding7Bit, text}
	}
	if data, ok := encodeQP(text, base64Length(len(text))); ok {
		return encodedBody{encodingQP, data}
	}
	return encodedBody{encodingBase64, encodeBase64(text)}
}

// isPlain7Bit reports whether text with CRLF line ends arrives unchanged without any
// encoding. That takes more than RFC 2045, section 2.7, asks for:
//
//   - no control characters, which terminals and gateways act upon;
//   - no blanks at the end of a line, which gateways cut (RFC 2049, section 3);
//   - no line that begins with "From ", which mailboxes change into ">From " (ibid.);
//   - no line that is a single dot, lest a relay with lax line ends take it for the end
//     of the mail: the wire doubles it, but we do not own the whole way.
func isPlain7Bit(text []byte) bool {
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line, text = text[:end-1], text[end+1:]
		} else {
			text = nil
		}
		if len(line) > maxLine || !isPlainLine(line) {
			return false
		}
	}
	return true
}

func isPlainLine(line []byte) bool {
	if len(line) == 0 {
		return true
	}
	for _, c := range line {
		if (c < ' ' && c != '\t') || c >= 0x7F {
			return false
		}
	}
	if last := line[len(line)-1]; last == ' ' || last == '\t' {
		return false
	}
	return !(len(line) == 1 && line[0] == '.') && !bytes.HasPrefix(line, fromSpace)
}
