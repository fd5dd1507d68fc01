package mime

import "encoding/base64"

// base64Line is the number of bytes that fill a line of 76 characters (RFC 2045, section 6.8).
const base64Line = 57

// base64Length is the length of n encoded bytes, line ends included.
func base64Length(n int) int {
	lines := (n + base64Line - 1) / base64Line
	return base64.StdEncoding.EncodedLen(n) + 2*lines
}

// encodeBase64 encodes and breaks lines in one pass over the data. Every line ends in
// CRLF, the last one too.
func encodeBase64(data []byte) []byte {
	dst := make([]byte, base64Length(len(data)))
	at := 0
	for len(data) > 0 {
		n := min(len(data), base64Line)
		base64.StdEncoding.Encode(dst[at:], data[:n])
		at += base64.StdEncoding.EncodedLen(n)
		dst[at], dst[at+1] = '\r', '\n'
		at += 2
		data = data[n:]
	}
	return dst
}
