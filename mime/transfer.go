package mime

import "strings"

// Transfer says what the way to the reader can take, and so how bodies are encoded.
type Transfer string

const (
	// TransferSevenBit is the default, "": every server takes the message and none
	// changes it, signature and all (RFC 6376, section 5.3).
	TransferSevenBit Transfer = ""
	// TransferEightBit leaves text as it is where its lines allow it. The server must
	// offer 8BITMIME (RFC 6152).
	TransferEightBit Transfer = "8bit"
	// TransferBinary leaves everything as it is. The server must offer BINARYMIME and
	// CHUNKING (RFC 3030).
	TransferBinary Transfer = "binary"
)

// The transfer encodings of RFC 2045, section 6.
const (
	encoding7Bit   = "7bit"
	encoding8Bit   = "8bit"
	encodingBinary = "binary"
	encodingQP     = "quoted-printable"
	encodingBase64 = "base64"
)

// encodingForText returns how text goes over a way of 8 bits: as it is, or, "", encoded.
func encodingForText(text string, transfer Transfer, options fitOptions) string {
	switch fitOf(text, fits8Bit, options) {
	case fits7Bit:
		return encoding7Bit
	case fits8Bit:
		return encoding8Bit
	}
	if transfer == TransferBinary {
		return encodingBinary
	}
	return ""
}

// encodeText encodes text whose line ends are CRLF as quoted-printable or base64,
// whichever is shorter.
func encodeText(data []byte) (encoding string, encoded []byte) {
	text, limit := string(data), base64Length(len(data))
	encoded, ok := appendQP(make([]byte, 0, min(limit, len(text)+len(text)/8+16)), text, limit+len(crlf))
	if !strings.HasSuffix(text, "\n") {
		encoded = encoded[:len(encoded)-len(crlf)] // what has no line end arrives without one
	}
	if !ok || len(encoded) > limit {
		return encodingBase64, encodeBase64(data)
	}
	return encodingQP, encoded
}

// fit says what a text needs to arrive unchanged without encoding.
type fit int

const (
	fits7Bit    fit = iota
	fits8Bit        // 8BITMIME: it holds octets above 127
	fitsNothing     // only an encoding, or BINARYMIME, saves it
)

// fitOptions is a set of what a text is known to be.
type fitOptions int

const (
	// fitFlowed takes blanks at line ends: they are the format (RFC 3676, section 4.2).
	fitFlowed fitOptions = 1 << iota
	// fitEscapes takes ESC: it is how ISO-2022-JP stays 7-bit (RFC 1468).
	fitEscapes
)

// fitOf finds out what a text needs, and gives up where that is more than most. It takes more than RFC 2045, section 2.7, asks for:
//
//   - no control characters, which terminals and gateways act upon;
//   - no blanks at the end of a line, which gateways cut (RFC 2049, section 3);
//   - no line that begins with "From ", which mailboxes change into ">From " (ibid.);
//   - no line that is a single dot, lest a relay with lax line ends take it for the end
//     of the mail: the wire doubles it, but we do not own the whole way.
func fitOf(text string, most fit, options fitOptions) fit {
	result := fits7Bit
	for l := linesOf(text); l.more(); {
		if result = max(result, fitOfLine(l.next(), options)); result > most {
			return fitsNothing
		}
	}
	return result
}

// appendPlain appends text whose lines all fit 7bit, and gives up, with false, at the
// first that does not.
func appendPlain(dst []byte, text string, options fitOptions) ([]byte, bool) {
	for l := linesOf(text); l.more(); {
		line := l.next()
		if fitOfLine(line, options) != fits7Bit {
			return dst, false
		}
		dst = append(dst, line...)
		dst = append(dst, '\r', '\n')
	}
	return dst, true
}

// fitOfLine looks at one line. It looks for control characters and octets above 127 eight
// at a time, since this is all that most texts of a merge have done to them.
func fitOfLine(line string, options fitOptions) fit {
	if line == "" {
		return fits7Bit
	}
	if len(line) > maxLine || line == "." || strings.HasPrefix(line, "From ") ||
		(isBlank(line[len(line)-1]) && options&fitFlowed == 0) {
		return fitsNothing
	}
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(line); i += 8 {
		x := eight(line, i)
		// With no high bit set: is a byte below ' ', or DEL?
		if (x|(x-' '*ones)|(x+ones))&highs != 0 {
			break
		}
	}
	result := fits7Bit
	for ; i < len(line); i++ {
		switch c := line[i]; {
		case c >= 0x80:
			result = fits8Bit
		case c == 0x7F || (c < ' ' && c != '\t' && !(c == 0x1B && options&fitEscapes != 0)):
			return fitsNothing
		}
	}
	return result
}
