package mime

import (
	"fmt"
	"slices"
	"strings"
)

// maxFields is ours, for the further header fields of one message.
const maxFields = 1000

// fieldKind says what the value of a further header field is.
type fieldKind int

const (
	fieldText       fieldKind = iota // unstructured: any text, encoded where needed
	fieldStructured                  // a syntax of its own, ASCII, written as given
	fieldAddresses                   // an address list
	fieldListID                      // a name and an id in angle brackets
	fieldRefused                     // the builder's, or not for senders
)

// knownField returns the kind of a field, whether a header may hold only one, and for a
// refused one what to do instead. The name is in lower case.
func knownField(name string) (kind fieldKind, once bool, hint string) {
	switch name {
	case "from", "sender", "to", "cc", "bcc", "subject", "date":
		return fieldRefused, true, "use the field " + name
	case "reply-to":
		return fieldRefused, true, "use the field reply_to"
	case "message-id":
		return fieldRefused, true, "use the field message_id"
	case "return-path":
		return fieldRefused, true, "the receiving server writes it; use the field envelope"
	case "mime-version":
		return fieldRefused, true, "the builder writes it"
	case "resent-bcc":
		return fieldRefused, true, "blind copies belong into the envelope"
	case "references", "in-reply-to", "list-unsubscribe", "list-unsubscribe-post", "list-id",
		"list-help", "list-subscribe", "list-post", "list-owner", "list-archive":
		// RFC 5322, section 3.6; RFC 2369, section 3; RFC 2919, section 3.
		return fieldStructured, true, ""
	case "auto-submitted":
		return fieldStructured, true, "" // RFC 3834, section 5
	case "received", "authentication-results", "dkim-signature", "autocrypt",
		"arc-seal", "arc-message-signature", "arc-authentication-results",
		"resent-date", "resent-message-id", "original-message-id":
		return fieldStructured, false, ""
	case "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-reply-to",
		"disposition-notification-to", "return-receipt-to", "errors-to",
		"mail-followup-to", "mail-reply-to", "apparently-to", "x-original-to", "delivered-to":
		return fieldAddresses, false, ""
	}
	if strings.HasPrefix(name, "content-") {
		return fieldRefused, true, "the builder writes the Content- fields; options of the parts decide them"
	}
	return fieldText, false, ""
}

// checkedField is a further header field that is fit to be written.
type checkedField struct {
	name, value string
	id          string // of fieldListID
	kind        fieldKind
	addresses   AddressList
}

// furtherFields checks the fields that are not of every message: the description's own,
// then the free ones.
func (d *Description) furtherFields() ([]checkedField, *Error) {
	if len(d.InReplyTo) == 0 && len(d.References) == 0 && d.AutoSubmitted == "" && d.List.isZero() && len(d.Headers) == 0 {
		return nil, nil // most messages
	}
	own, err := d.threading()
	if err != nil {
		return nil, err
	}
	list, err := d.List.fields()
	if err != nil {
		return nil, err
	}
	return checkFields(append(own, list...), d.Headers)
}

// checkFields checks free header fields and returns them behind the given ones.
func checkFields(checked []checkedField, fields []Field) ([]checkedField, *Error) {
	if len(fields) > maxFields {
		return nil, &Error{Field: "headers", Offset: -1, Reason: fmt.Sprintf("more than %d header fields", maxFields)}
	}
	if len(fields) == 0 {
		return checked, nil
	}
	seen := make(map[string]bool, len(checked)+len(fields))
	for _, f := range checked {
		seen[strings.ToLower(f.name)] = true
	}
	for _, f := range fields {
		if offset, reason := fieldNameFault(f.Name); offset >= 0 {
			return nil, &Error{Field: "headers", Value: f.Name, Offset: offset, Reason: reason}
		}
		place, name := "headers."+f.Name, strings.ToLower(f.Name)
		kind, once, hint := knownField(name)
		if kind == fieldRefused {
			return nil, &Error{Field: place, Offset: -1, Reason: "not a free header", Hint: hint}
		}
		if once && seen[name] {
			return nil, &Error{Field: place, Value: f.Value, Offset: -1, Reason: "a message has only one"}
		}
		seen[name] = true
		c := checkedField{name: f.Name, value: f.Value, kind: kind}
		if err := c.check(place); err != nil {
			return nil, err
		}
		checked = append(checked, c)
	}
	return checked, nil
}

func (c *checkedField) check(place string) *Error {
	if err := checkValue(place, c.value); err != nil {
		return err
	}
	switch c.kind {
	case fieldStructured:
		if i := firstNonASCII(c.value); i >= 0 {
			return &Error{Field: place, Value: c.value, Offset: i, Reason: "not ASCII",
				Hint: "this field has a syntax of its own, in which text cannot be encoded for you"}
		}
		if strings.Trim(c.value, " \t") == "" {
			return &Error{Field: place, Offset: -1, Reason: "the field is empty"}
		}
		for w := range strings.FieldsSeq(c.value) {
			if len(w) > maxWord {
				return &Error{Field: place, Value: c.value, Offset: strings.Index(c.value, w),
					Reason: "a word that no line can hold", Hint: "lines are 998 octets at most, and break at blanks"}
			}
		}
	case fieldAddresses:
		list, err := ParseAddressList(c.value)
		if err != nil {
			return err.(*AddressError).in(place)
		}
		checked, fault := checkList(place, list)
		if fault != nil {
			return fault
		}
		c.addresses = checked
	}
	return nil
}

// checkValue checks what all values have in common. A line end is the classic injection
// and is refused, not mended: whoever wrote it meant something else.
func checkValue(place, value string) *Error {
	if len(value) > maxFieldValue {
		return &Error{Field: place, Value: value, Offset: maxFieldValue, Reason: "longer than 64 KiB"}
	}
	if offset, reason := textFault(value); offset >= 0 {
		hint := hintFor(reason)
		if value[offset] == '\r' || value[offset] == '\n' {
			hint = "a header field is one line"
		}
		return &Error{Field: place, Value: value, Offset: offset, Reason: reason, Hint: hint}
	}
	return nil
}

// checkList checks the addresses of a field and returns them with ASCII domains. It does
// not change the list; most come back as they are.
func checkList(place string, list AddressList) (AddressList, *Error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := list
	change := func(i int, r Recipient) {
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i] = r
	}
	for i, r := range list {
		at := func() string { return fmt.Sprintf("%s[%d]", place, i+1) }
		switch r := r.(type) {
		case Address:
			a, err := r.check()
			if err != nil {
				return nil, err.(*AddressError).in(at())
			}
			if a != r {
				change(i, a)
			}
		case Group:
			name := strings.Trim(r.Name, " \t")
			if offset, reason := nameFault(name); offset >= 0 {
				return nil, &Error{Field: at(), Value: name, Offset: offset, Reason: "the name " + reason, Hint: hintFor(reason)}
			}
			if name == "" {
				return nil, &Error{Field: at(), Offset: -1, Reason: "the group has no name"}
			}
			members, err := checkMailboxes(at()+".members", r.Members)
			if err != nil {
				return nil, err
			}
			change(i, Group{Name: name, Members: members})
		default:
			return nil, &Error{Field: at(), Offset: -1, Reason: "no address"}
		}
	}
	return out, nil
}
