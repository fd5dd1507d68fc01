// Package dkim signs finished messages with DKIM: one or several signatures at once,
// RSA and Ed25519, of one or several domains.
//
// What it follows:
//
//	RFC 6376   signatures, canonicalization, which fields to sign
//	RFC 8301   rsa-sha256 only; RSA keys have 1024 bits or more
//	RFC 8463   ed25519-sha256
//	RFC 8058   List-Unsubscribe and List-Unsubscribe-Post are signed (section 4)
//	RFC 7489   alignment of d= with From (section 3.1.1)
//
// A [Signer] is made once from [Options] and signs any number of messages, from any
// number of goroutines. It takes the header as bytes and the body as a [BodyHash], so that
// a body that goes to many people is hashed once:
//
//	body := signer.HashBody(segments)
//	for each header {
//		fields, err := signer.Sign(header, body, now)
//		// fields + header + body is the signed message
//	}
//
// The l= tag is never written: it would let anybody append to a signed message (RFC 6376,
// section 8.2). Fields that readers show are signed once more than they occur, so that
// nobody can add a second one (section 5.4.2).
//
// Messages must be as they go over the wire, with lines that end in CRLF. The package
// asks no DNS and reads no file.
package dkim
