// Package server is the server side of SMTP: it reads commands, keeps the rules
// of their order, and leaves every decision to a [Handler]. It stands under the
// sink and under tests; it is no mail server, as it neither queues nor relays.
//
// The protocol is RFC 5321, with the extensions
//
//   - 8BITMIME (RFC 6152), BINARYMIME and CHUNKING (RFC 3030)
//   - AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login)
//   - DSN (RFC 3461, and RFC 6533 for the address type utf-8)
//   - ENHANCEDSTATUSCODES (RFC 2034, codes of RFC 3463)
//   - PIPELINING (RFC 2920)
//   - SIZE (RFC 1870)
//   - SMTPUTF8 (RFC 6531)
//   - DELIVERBY (RFC 2852), FUTURERELEASE (RFC 4865), MT-PRIORITY (RFC 6710) and
//     REQUIRETLS (RFC 8689), whose parameters are checked and handed on
//   - STARTTLS (RFC 3207)
//
// It is strict where a lenient server hides a fault of the client or lets two
// systems disagree about where a message ends: lines end in CRLF, a message ends
// at <CRLF>.<CRLF> and nowhere else, and a text with a bare CR, a bare LF or a NUL
// is refused after its real end. Everything a client can make the server hold or
// wait for has a limit; see [Limits] and [Timeouts].
//
// One goroutine serves one connection, the one that calls [Serve]. A message
// body is handed to the handler as a reader while it arrives, so that memory
// does not grow with the message.
package server
