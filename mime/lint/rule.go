package lint

import "slices"

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the message is broken, or will be
	Warning Severity = "warning" // some will not get it, or not as it was meant
	Note    Severity = "note"    // good to know
)

// Rule is one thing that is looked for.
type Rule struct {
	// ID names the rule, in findings and in Options.Ignore. It does not change.
	ID string
	// Severity is that of all its findings.
	Severity Severity
	// Doc says in one sentence what is found.
	Doc string
	// Hint says what to do.
	Hint string
}

// Rules returns all rules, in the order in which they are documented.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	// Lines and octets.
	{"bare-cr", Error, "A CR stands without an LF behind it (RFC 5321, section 2.3.8).", "end every line in CRLF"},
	{"bare-lf", Error, "A line ends in LF alone (RFC 5321, section 2.3.8).", "end every line in CRLF"},
	{"nul", Error, "The message holds a NUL (RFC 5322, section 4).", "encode the part in base64"},
	{"line-too-long", Error, "A line has more than 998 octets (RFC 5322, section 2.1.1).", "encode the part in quoted-printable or base64"},
	{"line-long", Note, "A line has more than 78 characters (RFC 5322, section 2.1.1).", "fold fields and break lines of text"},
	{"eight-bit", Error, "A part has octets above 127 that its Content-Transfer-Encoding does not allow (RFC 2045, section 6.2).", "encode the part in quoted-printable or base64"},

	// The header.
	{"header-malformed", Error, "A line of the header is no field, or has a name that fields cannot have (RFC 5322, section 2.2).", "write Name: value, with letters, digits and hyphens in the name"},
	{"header-lookalike", Error, "The name of a field looks like a known one and is another.", "type the name anew, in ASCII"},
	{"header-duplicate", Error, "A field that may stand once stands twice (RFC 5322, section 3.6).", "keep one of them"},
	{"header-8bit", Note, "A field has octets above 127, which only servers with SMTPUTF8 take (RFC 6532).", "write text as encoded-words (RFC 2047)"},
	{"from-missing", Error, "There is no From field with an address (RFC 5322, section 3.6).", "say who sends the message"},
	{"date-missing", Error, "There is no Date field (RFC 5322, section 3.6).", "add the date"},
	{"date-invalid", Error, "The Date field is no date (RFC 5322, section 3.3).", "write it as in Mon, 23 Nov 2026 10:00:00 +0000"},
	{"message-id-missing", Warning, "There is no Message-ID field (RFC 5322, section 3.6.4).", "add one, of the domain of From"},
	{"mime-version-missing", Warning, "There is no MIME-Version field (RFC 2045, section 4).", "add MIME-Version: 1.0"},
	{"subject-empty", Warning, "There is no subject.", "give the message one"},
	{"bcc-present", Error, "There is a Bcc field, which shows all what it was to hide (RFC 5322, section 3.6.3).", "leave it to the envelope"},

	// Parts.
	{"multipart-broken", Error, "A multipart has no boundary, no part, or no end (RFC 2046, section 5.1.1).", "close each multipart with its boundary and two hyphens"},
	{"nesting", Error, "Parts are nested more than 100 deep.", "flatten the message"},
	{"encoding-broken", Error, "A part is not in the encoding it claims (RFC 2045, section 6).", "encode it again"},
	{"charset-missing", Warning, "Text that is not ASCII does not say its charset (RFC 2045, section 5.2).", "add charset=utf-8"},
	{"charset-broken", Error, "Text is not in the charset it claims, or that is unknown.", "write it in UTF-8 and say so"},
	{"text-missing", Warning, "There is HTML without a plain text beside it.", "add the text as the first part of a multipart/alternative"},
	{"attachment-dangerous", Note, "An attachment has a type that many servers refuse.", "send a link, or an archive with a password"},
	{"size", Note, "The message is larger than a well-known service takes.", "send a link to what is large"},

	// HTML and text.
	{"template-marker", Error, "A marker of a template was not filled in.", "look at the name in it, and whether the data has it"},
	{"cid-dangling", Error, "HTML shows a part that the message does not have (RFC 2392).", "add the part with that Content-ID"},
	{"cid-unused", Warning, "A part is made to be shown in HTML, and is not (RFC 2392).", "remove it, or attach it"},
	{"image-alt", Warning, "A picture has no alt text, for those who do not see it.", `add alt="…", or alt="" if it is mere decoration`},
	{"image-http", Warning, "A picture is fetched without TLS, which many programs do not do.", "use https"},
	{"link-mismatch", Warning, "The text of a link names another domain than the link leads to.", "name the domain it leads to, or none"},
	{"html-clipped", Warning, "HTML has more than 102 kB, which Gmail cuts off.", "shorten it, or link to the rest"},

	// Trust.
	{"unsubscribe-https", Error, "List-Unsubscribe-Post is not the one-click of RFC 8058, or List-Unsubscribe has no https address.", "add List-Unsubscribe: <https://…> and List-Unsubscribe-Post: List-Unsubscribe=One-Click"},
	{"unsubscribe-unsigned", Warning, "No DKIM signature covers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058, section 4).", "sign both fields"},
	{"dkim-malformed", Error, "A DKIM signature lacks a tag it must have, or does not cover From (RFC 6376, section 3.5).", "sign the message again"},
	{"dkim-length", Warning, "A DKIM signature has l=, so that anybody can append to the message (RFC 6376, section 8.2).", "sign without l="},
	{"dkim-unaligned", Error, "No DKIM signature is of the domain of From, so that DMARC does not count it (RFC 7489, section 3.1.1).", "sign with a key of the domain of From"},
}
