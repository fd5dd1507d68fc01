package server

// BodyType is the value of the BODY parameter: RFC 6152, section 2 and RFC 3030,
// section 3.
type BodyType string

// The body types. A sender that names none has sent 7BIT.
const (
	Body7Bit   BodyType = "7BIT"
	Body8Bit   BodyType = "8BITMIME"
	BodyBinary BodyType = "BINARYMIME"
)

// Envelope is a mail transaction without its message. Its recipients are the
// accepted ones, in the order of the commands.
type Envelope struct {
	Sender     Sender
	Recipients []Recipient
}

// Sender is a MAIL command.
type Sender struct {
	// Address is the reverse-path without its brackets and without a source
	// route; empty for the null sender.
	Address string
	// Size is the declared size in octets, 0 when none was declared: RFC 1870.
	Size int64
	// Body is the declared body type, empty when none was declared.
	Body BodyType
	// UTF8 is true with the parameter SMTPUTF8: RFC 6531.
	UTF8 bool
	// Return is FULL, HDRS or empty: RFC 3461, section 4.3.
	Return string
	// EnvelopeID is ENVID, decoded; it holds printable ASCII only: RFC 3461, section 4.4.
	EnvelopeID string
	// Submitter is AUTH=, decoded, with "<>" for nobody: RFC 4954, section 5.
	Submitter string
	// DeliverBy is BY, as sent: RFC 2852, section 4.
	DeliverBy string
	// Hold is HOLDFOR or HOLDUNTIL with its value: RFC 4865, section 5.
	Hold string
	// Priority is MT-PRIORITY, "" when none was given: RFC 6710, section 4.
	Priority string
	// RequireTLS is true with the parameter REQUIRETLS: RFC 8689, section 2.
	RequireTLS bool
}

// Recipient is a RCPT command.
type Recipient struct {
	// Address is the forward-path without its brackets and without a source route.
	Address string
	// Notify lists NEVER, or some of SUCCESS, FAILURE and DELAY: RFC 3461, section 4.1.
	Notify []string
	// Original is ORCPT: RFC 3461, section 4.2.
	Original OriginalRecipient
}

// OriginalRecipient is an address of any mail system, with its type: rfc822 for
// Internet mail, utf-8 for an address of RFC 6533.
type OriginalRecipient struct {
	Type    string
	Address string // decoded; it holds no control characters
}
