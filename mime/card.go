package mime

import (
	"fmt"
	"strings"
)

// CardOptions describe a person for an address book. Name or Family is required.
type CardOptions struct {
	Name          string // as it is shown; "" is Given and Family
	Given, Family string
	Organization  string
	Title         string
	Emails        []string
	Phones        []string
	Address       string // postal, any line ends
	URL           string
	Note          string // any line ends
	// File is the name of the part. "" is made of Name.
	File string
}

// NewCard makes a vCard to be attached.
//
// It is version 3.0 (RFC 2426), since Outlook does not read 4.0.
func NewCard(o CardOptions) (*Part, error) {
	if o.Name == "" {
		o.Name = strings.TrimSpace(o.Given + " " + o.Family)
	}
	if o.Name == "" {
		return nil, &Error{Field: "card.name", Offset: -1, Reason: "a card needs a name"}
	}
	if o.Family == "" && o.Given == "" {
		o.Family = o.Name // N must not be empty (section 3.1.2)
	}
	type field struct {
		name, text string
		lines      contentKind
	}
	fields := []field{
		{"name", o.Name, contentOneLine}, {"given", o.Given, contentOneLine}, {"family", o.Family, contentOneLine},
		{"organization", o.Organization, contentOneLine}, {"title", o.Title, contentOneLine},
		{"address", o.Address, contentLinesAllowed}, {"url", o.URL, contentOneLine}, {"note", o.Note, contentLinesAllowed},
	}
	for i, phone := range o.Phones {
		fields = append(fields, field{fmt.Sprintf("phones[%d]", i+1), phone, contentOneLine})
	}
	for _, f := range fields {
		if err := checkContent("card."+f.name, f.text, f.lines); err != nil {
			return nil, err
		}
	}
	c := &contentLines{}
	c.line("BEGIN", "VCARD")
	c.line("VERSION", "3.0")
	c.line("N", contentText(o.Family)+";"+contentText(o.Given)+";;;")
	c.text("FN", o.Name)
	c.text("ORG", o.Organization)
	c.text("TITLE", o.Title)
	for i, text := range o.Emails {
		a, err := ParseAddress(text)
		if err != nil {
			return nil, err.(*AddressError).in(fmt.Sprintf("card.emails[%d]", i+1))
		}
		c.text("EMAIL;TYPE=INTERNET", a.Mailbox)
	}
	for _, phone := range o.Phones {
		c.text("TEL", phone)
	}
	if o.Address != "" {
		c.line("ADR", ";;"+contentText(o.Address)+";;;;")
	}
	if o.URL != "" {
		if reason := urlFault(o.URL, "https", "http", "mailto"); reason != "" {
			return nil, &Error{Field: "card.url", Value: o.URL, Offset: -1, Reason: reason}
		}
		c.line("URL", o.URL)
	}
	c.text("NOTE", o.Note)
	c.line("END", "VCARD")
	if c.err != nil {
		return nil, c.err
	}
	if o.File == "" {
		o.File = strings.NewReplacer("/", "-", `\`, "-").Replace(o.Name) + ".vcf"
	}
	return newFilePart("card", c.buf, nil, PartOptions{Name: o.File, Type: "text/vcard; charset=utf-8"})
}
