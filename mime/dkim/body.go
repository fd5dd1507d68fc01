package dkim

import (
	"crypto/sha256"
	"hash"
	"io"
)

// Canonicalization says how much a message may change underway without breaking its
// signature (RFC 6376, section 3.4).
type Canonicalization string

// The canonicalizations.
const (
	Simple  Canonicalization = "simple"  // next to nothing may change
	Relaxed Canonicalization = "relaxed" // white space and line folding may
)

// BodyHash is the hash of a body. It is made once and used for every message that has
// this body, by any number of goroutines.
type BodyHash struct {
	canonicalization Canonicalization
	sum              [sha256.Size]byte
}

// HashBody hashes a body that lies in memory, in segments that follow each other as
// they are. The zero Canonicalization is Simple.
func HashBody(c Canonicalization, segments [][]byte) BodyHash {
	h := NewBodyHasher(c)
	for _, segment := range segments {
		h.Write(segment)
	}
	return h.Sum()
}

// HashBodyReader hashes a body that is read to its end. The error is that of r.
func HashBodyReader(c Canonicalization, r io.Reader) (BodyHash, error) {
	h := NewBodyHasher(c)
	if _, err := io.Copy(h, r); err != nil {
		return BodyHash{}, err
	}
	return h.Sum(), nil
}

// BodyHasher hashes a body while it is written to it. It implements io.Writer; Write
// never returns an error. The body may be cut anywhere, and of any length: memory is
// constant.
type BodyHasher struct {
	canonicalization Canonicalization
	sha              hash.Hash
	buf              []byte // canonical text on its way to sha

	// What has been read and cannot be judged yet, in this order.
	newlines int64 // complete CRLFs; at the end of a body they vanish
	space    bool  // white space, of any length; relaxed only
	cr       bool  // a CR that may begin a CRLF
	any      bool  // something other than empty lines was hashed
}

// The number of octets that go to the hash at once. Simple takes the text from where it
// is, and only the line breaks at the ends of segments from the buffer.
const (
	relaxedBuffer = 4 << 10
	simpleBuffer  = 256
)

// NewBodyHasher returns a hasher of an empty body. The zero Canonicalization is Simple.
func NewBodyHasher(c Canonicalization) *BodyHasher {
	if c == Relaxed {
		return &BodyHasher{canonicalization: Relaxed, sha: sha256.New(), buf: make([]byte, 0, relaxedBuffer)}
	}
	return &BodyHasher{canonicalization: Simple, sha: sha256.New(), buf: make([]byte, 0, simpleBuffer)}
}

// Write adds to the body.
func (h *BodyHasher) Write(p []byte) (int, error) {
	if h.canonicalization == Relaxed {
		h.writeRelaxed(p)
	} else {
		h.writeSimple(p)
	}
	return len(p), nil
}

// writeSimple is RFC 6376, section 3.4.3: all octets count, but for empty lines at the
// end. So everything up to the last octet that is no line break is hashed in one piece.
func (h *BodyHasher) writeSimple(p []byte) {
	end := len(p)
	for end > 0 && (p[end-1] == '\r' || p[end-1] == '\n') {
		end--
	}
	if end > 0 {
		h.release()
		h.emit(p[:end])
	}
	for _, c := range p[end:] {
		h.lineBreak(c)
	}
}

// writeRelaxed is RFC 6376, section 3.4.4: white space at the end of a line counts for
// nothing, elsewhere for one space.
func (h *BodyHasher) writeRelaxed(p []byte) {
	for i := 0; i < len(p); {
		switch c := p[i]; c {
		case '\r', '\n':
			h.lineBreak(c)
			i++
		case ' ', '\t':
			if h.cr {
				h.release()
			}
			h.space = true
			i++
		default:
			h.release()
			end := i + 1
			for end < len(p) && staysAt(p, end) {
				end++
			}
			h.emit(p[i:end])
			i = end
		}
	}
}

// staysAt reports whether relaxed leaves the octet as it is: no line break, and no white
// space but a single space before something that is neither.
func staysAt(p []byte, i int) bool {
	switch p[i] {
	case '\r', '\n', '\t':
		return false
	case ' ':
		return i+1 < len(p) && p[i+1] != ' ' && p[i+1] != '\t' && p[i+1] != '\r' && p[i+1] != '\n'
	}
	return true
}

// lineBreak takes one octet that is CR or LF. One without the other is an octet like any.
func (h *BodyHasher) lineBreak(c byte) {
	switch {
	case c == '\n' && h.cr:
		h.cr, h.space = false, false
		h.newlines++
	case c == '\n':
		h.release()
		h.emitString("\n")
	default:
		if h.cr {
			h.release()
		}
		h.cr = true
	}
}

// release hashes what waited to be followed by something.
func (h *BodyHasher) release() {
	for ; h.newlines > 0; h.newlines-- {
		h.emitString("\r\n")
	}
	if h.space {
		h.space = false
		h.emitString(" ")
	}
	if h.cr {
		h.cr = false
		h.emitString("\r")
	}
}

func (h *BodyHasher) emitString(octets string) {
	h.any = true
	if len(h.buf)+len(octets) > cap(h.buf) {
		h.drain()
	}
	h.buf = append(h.buf, octets...)
}

func (h *BodyHasher) emit(octets []byte) {
	h.any = true
	if len(h.buf)+len(octets) > cap(h.buf) {
		h.drain()
	}
	if len(octets) > cap(h.buf) {
		h.sha.Write(octets)
		return
	}
	h.buf = append(h.buf, octets...)
}

func (h *BodyHasher) drain() {
	h.sha.Write(h.buf)
	h.buf = h.buf[:0]
}

// Sum ends the body and returns its hash. The hasher cannot be used after it.
func (h *BodyHasher) Sum() BodyHash {
	if h.cr {
		h.release()
	}
	// Both canonicalizations give a last line without CRLF one. A body without any line
	// is one empty line for simple, and no octet at all for relaxed.
	if h.any || h.canonicalization == Simple {
		h.emitString("\r\n")
	}
	h.drain()
	b := BodyHash{canonicalization: h.canonicalization}
	h.sha.Sum(b.sum[:0])
	return b
}
