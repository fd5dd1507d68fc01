package mime

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// A line of 76 characters (RFC 2045, section 6.8) holds 57 bytes.
const (
	base64Line = 57
	base64Wire = 76 + len("\r\n")
)

// base64Length is the length of n encoded bytes, line ends included.
func base64Length(n int) int { return int(base64Length64(int64(n))) }

func base64Length64(n int64) int64 {
	lines := (n + base64Line - 1) / base64Line
	return (n+2)/3*4 + int64(len("\r\n"))*lines
}

// encodeBase64 encodes data in lines. Every line ends in CRLF, the last one too.
func encodeBase64(data []byte) []byte { return appendBase64(nil, data) }

func appendBase64(dst, data []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, base64Length(len(data)))[:n+base64Length(len(data))]
	putBase64(dst[n:], data)
	return dst
}

// decodeBase64 is the way back, to n bytes.
func decodeBase64(lines []byte, n int) []byte {
	data := make([]byte, 0, n)
	for len(lines) > 0 {
		line := lines[:min(len(lines), base64Wire)]
		lines = lines[len(line):]
		// Of our own making: there is nothing to go wrong.
		data, _ = base64.StdEncoding.AppendDecode(data, bytes.TrimSuffix(line, crlf))
	}
	return data
}

// base64Pairs holds the two characters that 12 bits become, the first in the low byte. To
// look up two at a time, and to write a line with its end in one pass, is what makes this
// encoder faster than the standard library's and a line breaker behind it.
var base64Pairs = func() (pairs [1 << 12]uint16) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range pairs {
		pairs[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return pairs
}()

// putBase64 encodes into dst, which has room for it, and returns how much of it is
// written.
func putBase64(dst, data []byte) int {
	written := 0
	for len(data) >= base64Line+2 {
		// Of fixed size, so that no index needs a check. The last load takes two bytes
		// of the next line and leaves them unused.
		in, out := (*[base64Line + 2]byte)(data), (*[base64Wire]byte)(dst[written:])
		for i, o := 0, 0; i <= base64Line-9; i, o = i+6, o+8 {
			v := binary.BigEndian.Uint64(in[i : i+8])
			binary.LittleEndian.PutUint64(out[o:o+8], uint64(base64Pairs[v>>52])|uint64(base64Pairs[v>>40&0xFFF])<<16|
				uint64(base64Pairs[v>>28&0xFFF])<<32|uint64(base64Pairs[v>>16&0xFFF])<<48)
		}
		v := uint(in[54])<<16 | uint(in[55])<<8 | uint(in[56])
		binary.LittleEndian.PutUint32(out[72:], uint32(base64Pairs[v>>12])|uint32(base64Pairs[v&0xFFF])<<16)
		out[76], out[77] = '\r', '\n'
		data = data[base64Line:]
		written += base64Wire
	}
	for len(data) > 0 {
		n := min(len(data), base64Line)
		base64.StdEncoding.Encode(dst[written:], data[:n])
		written += base64.StdEncoding.EncodedLen(n)
		dst[written], dst[written+1] = '\r', '\n'
		written += len("\r\n")
		data = data[n:]
	}
	return written
}
