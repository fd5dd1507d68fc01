package smtp

// TLSMode says when, and whether, a connection is encrypted.
type TLSMode string

const (
	// TLSImplicit starts TLS before the greeting (RFC 8314, section 3.3).
	TLSImplicit TLSMode = "implicit"
	// TLSStartTLS upgrades with STARTTLS (RFC 3207) and gives up when it cannot.
	TLSStartTLS TLSMode = "starttls"
	// TLSOpportunistic upgrades with STARTTLS where it is offered, and goes on in
	// clear text where it is not. A handshake that was begun must succeed.
	TLSOpportunistic TLSMode = "opportunistic"
	// TLSOff never encrypts.
	TLSOff TLSMode = "off"
)
