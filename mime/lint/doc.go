// Package lint looks at the final bytes of a message, as a server would get them, and says
// what is wrong with it: what breaks on the way, what readers will not see as it was
// meant, what makes receivers distrust it.
//
// What it goes by:
//
//	RFC 5322   fields there must be, and how many; lines and their length
//	RFC 2045   encodings, charsets
//	RFC 2046   parts
//	RFC 2392   cid: URLs
//	RFC 6376   what a DKIM signature covers
//	RFC 7489   alignment with From (section 3.1.1)
//	RFC 8058   unsubscribing with one click
//
// Every finding names one of the [Rules]. The message is read once and in time that grows
// with its length, whatever it holds; parts may be nested 100 deep. Signatures are not
// verified: that would ask the DNS.
package lint
