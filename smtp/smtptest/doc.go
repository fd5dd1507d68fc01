// Package smtptest is a scriptable SMTP and LMTP server for tests of clients.
//
// Left alone it is a server that keeps to the standards. Rules make it do, at
// the n-th occurrence of a point of the conversation, what no good server
// does: refuse, stay silent, hang up, reset, babble, split, merge, answer early.
// What arrived is recorded, below TLS and above, so that a test can compare
// what a client claims with what the server has seen.
//
//	server := smtptest.Server{Rules: []smtptest.Rule{
//		{At: smtptest.Rcpt, Call: 2, Do: smtptest.Act{Reply: smtptest.Reply{Code: 450, Enhanced: "4.2.1"}}},
//		{At: smtptest.Message, Do: smtptest.Act{Mute: true, Then: smtptest.Reset}},
//	}}.Start(t)
//	// … a client talks to server.Address …
//	seen := server.Connection(0)
//	if seen.Messages[0].Accepted() { … }
//
// The package shares no code with the client it is made to test, so that the
// two cannot share a mistake.
//
// Spoken are RFC 5321 and LMTP (RFC 2033) with STARTTLS (RFC 3207), implicit
// TLS (RFC 8314), AUTH PLAIN and LOGIN (RFC 4954), PIPELINING (RFC 2920),
// CHUNKING (RFC 3030), SIZE (RFC 1870) and LIMITS (RFC 9422).
package smtptest
