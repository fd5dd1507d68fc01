// Package mime builds mail messages from a description: addresses, text, HTML,
// inline pictures and attachments become one immutable [Message].
//
// What it follows:
//
//	RFC 5322   message format: fields, addresses, folding, dates, Message-IDs
//	RFC 5321   limits of addresses (section 4.5.3.1), address literals (4.1.3)
//	RFC 2045   Content-Type, Content-Transfer-Encoding, quoted-printable, base64
//	RFC 2046   multipart/mixed and /alternative, boundaries, message/rfc822
//	RFC 2387   multipart/related
//	RFC 2392   cid: URLs
//	RFC 2047   encoded-words in unstructured fields and names
//	RFC 2183   Content-Disposition
//	RFC 2231   parameters that are long or not ASCII
//	RFC 6532   UTF-8 in local parts, and there only; message/global
//	RFC 3676   format=flowed
//	RFC 5545   iCalendar; RFC 5546 and 6047, invitations by mail; RFC 6868, parameters
//	RFC 2426   vCard 3.0
//	RFC 2369   List- fields; RFC 2919, List-Id; RFC 8058, one-click unsubscription
//	RFC 3834   Auto-Submitted
//	RFC 1847   the place of a signature: a tree that no longer changes
//	UTS #46    domains that are not ASCII, nontransitional
//
// Every body built here is 7-bit unless the description asks for more (RFC 6152, RFC
// 3030): text is sent as it is where its lines allow it, and as quoted-printable or
// base64, whichever is shorter, where they do not. So is every header, unless a local part
// is not ASCII.
//
// Every line of a message ends in CRLF by construction, and no CR or LF stands elsewhere;
// only a message for BINARYMIME is exempt. A part is encoded once, however many messages
// have it; a file of more than 8 MiB is not held but read while a message is written.
//
// All bytes of all header fields go through one serializer, which checks each of
// them a last time; a description that would break a line is an [Error], never a
// header of its own.
//
// The package opens the files it is told to attach, and pictures in the folder it is told
// to look in, and does nothing else with the outside: no network, no configuration, no
// global state.
package mime
