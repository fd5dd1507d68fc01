package mime

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

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

// encodeText encodes text as quoted-printable or base64, whichever is shorter: spam filters
// look askance at text in base64. Line ends that are all CRLF stay line ends; others are
// escaped, since they are to arrive as they are.
func encodeText(data []byte) (encoding string, encoded []byte) {
	text, limit, literal := string(data), base64Length(len(data)), !hasOnlyCRLF(data)
	encoded, ok := appendQP(nil, text, len(crlf), literal)
	if ok && (literal || !strings.HasSuffix(text, "\n")) {
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

// appendPlain appends text with CRLF line ends where all of it fits 7bit, and gives up,
// with false, where it does not. It is fitOf and appendText in one, since most texts of a
// merge have nothing else done to them: eight bytes are copied at a time, and looked at
// one by one only where a line ends.
func appendPlain(dst []byte, text string, options fitOptions) ([]byte, bool) {
	const word = 8
	dst = slices.Grow(dst, canonicalLength(text)+word)
	out := dst[:cap(dst)]
	at, line := len(dst), len(dst) // where to write, and where the line has begun
	for i := 0; i < len(text); {
		for i+2*word <= len(text) && at+2*word <= len(out) {
			in, to := text[i:i+2*word], out[at:at+2*word]
			x, y := eight(in, 0), eight(in, word)
			binary.LittleEndian.PutUint64(to, x)
			binary.LittleEndian.PutUint64(to[word:], y)
			if unusual(x)|unusual(y) != 0 {
				break
			}
			i, at = i+2*word, at+2*word
		}
		if i == len(text) {
			break
		}
		if i+word <= len(text) {
			x := eight(text, i)
			binary.LittleEndian.PutUint64(out[at:], x)
			found := unusual(x)
			if found == 0 {
				i, at = i+word, at+word
				continue
			}
			n := bits.TrailingZeros64(found) / 8
			i, at = i+n, at+n
		}
		c := text[i]
		i++
		switch {
		case c == '\n' || c == '\r':
			if c == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
			if !isPlainLine(out[line:at], options) {
				return dst, false
			}
			out[at], out[at+1] = '\r', '\n'
			at += len("\r\n")
			line = at
		case c >= 0x7F || (c < ' ' && c != '\t' && !(c == 0x1B && options&fitEscapes != 0)):
			return dst, false
		default:
			out[at] = c
			at++
		}
	}
	if at > line {
		if !isPlainLine(out[line:at], options) {
			return dst, false
		}
		out[at], out[at+1] = '\r', '\n'
		at += len("\r\n")
	}
	return out[:at], true
}

// isPlainLine checks what fitOf asks of whole lines.
func isPlainLine(line []byte, options fitOptions) bool {
	n := len(line)
	switch {
	case n == 0:
		return true
	case n > maxLine, isBlank(line[n-1]) && options&fitFlowed == 0, n == 1 && line[0] == '.':
		return false
	}
	return line[0] != 'F' || n < len("From ") || string(line[:len("From ")]) != "From "
}

// unusual marks, by its high bit, the first of eight bytes that is below ' ' or above
// 0x7E. Bytes behind it may be marked for nothing.
func unusual(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return (x | (x - ' '*ones) | (x + ones)) & highs
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
	i := 0
	for i+8 <= len(line) && unusual(eight(line, i)) == 0 {
		i += 8
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
