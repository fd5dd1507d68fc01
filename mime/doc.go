// Package mime builds mail messages from a description: addresses, text, HTML,
// inline pictures and attachments become one immutable [Message].
//
// What it follows:
//
//	RFC 5322   message format: fields, addresses, folding, dates, Message-IDs
//	RFC 5321   limits of addresses (section 4.5.3.1), address literals (4.1.3)
//	RFC 2045   Content-Type, Content-Transfer-Encoding, quoted-printable, base64
//	RFC 2046   multipart/mixed and /alternative, boundaries
//	RFC 2387   multipart/related
//	RFC 2392   cid: URLs
//	RFC 2047   encoded-words in unstructured fields and names
//	RFC 2183   Content-Disposition
//	RFC 2231   parameters that are long or not ASCII
//	RFC 6532   UTF-8 in local parts, and there only
//	UTS #46    domains that are not ASCII, nontransitional
//
// Every body built here is 7-bit: text is sent as it is where its lines allow it, and as
// quoted-printable or base64, whichever is shorter, where they do not. So is every header,
// unless a local part is not ASCII.
//
// All bytes of all header fields go through one serializer, which checks each of
// them a last time; a description that would break a line is an [Error], never a
// header of its own.
//
// The package opens the files it is told to attach and does nothing else with the
// outside: no network, no configuration, no global state.
package mime
