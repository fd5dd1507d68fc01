// Package smtp is a client for the Simple Mail Transfer Protocol (RFC 5321).
//
// A Session is one connection. Dial opens it and reads the greeting; Connect
// also says EHLO and, where the TLS mode asks for it, upgrades with STARTTLS.
// Send carries one message, Stream many at a time; below them lies every command
// on its own, each returning the server's Reply. A Pool keeps sessions for
// goroutines that send.
//
// Two rules shape the whole package. What the server answered is data: a Reply
// or a Result, whatever its code. What prevented an answer is an *Error. And a
// message whose end was written but never answered is neither: its outcome is
// InDoubt, because it may have been delivered, and sending it again might
// deliver it twice (RFC 1047).
//
// Extensions:
//
//	STARTTLS              RFC 3207
//	AUTH                  RFC 4954: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, -256
//	                      and -512 with and without channel binding, XOAUTH2,
//	                      OAUTHBEARER, EXTERNAL
//	PIPELINING            RFC 2920, across messages in a Stream
//	CHUNKING, BINARYMIME  RFC 3030
//	SIZE                  RFC 1870
//	8BITMIME              RFC 6152
//	SMTPUTF8              RFC 6531
//	DSN                   RFC 3461
//	ENHANCEDSTATUSCODES   RFC 2034
//	REQUIRETLS            RFC 8689
//	DELIVERBY             RFC 2852
//	FUTURERELEASE         RFC 4865
//	MT-PRIORITY           RFC 6710
//	LIMITS                RFC 9422
//	LMTP                  RFC 2033
//	XCLIENT               of Postfix
//
// The package knows nothing of message formats: a message is a Content, which
// is a size, three flags and something that writes itself.
package smtp
