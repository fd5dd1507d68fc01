package mime

import (
	"slices"
	"strings"
)

// Recipient is one element of an address list: an [Address] or a [Group].
type Recipient interface {
	// Addresses returns the mailboxes it stands for, in order.
	Addresses() []Address
	// String returns it as people read and type it.
	String() string
	recipient()
}

// Group is a named list of mailboxes (RFC 5322, section 3.4). It may be empty, as in
// "undisclosed-recipients:;".
type Group struct {
	// Name is as people read it; it must not be empty.
	Name    string
	Members []Address
}

// Addresses returns the members.
func (g Group) Addresses() []Address { return g.Members }

// String returns the group as people read and type it: Team: ann@x, Bob <bob@x>;
func (g Group) String() string {
	name := g.Name
	if !isPlainPhrase(name) || strings.Contains(name, "=?") {
		name = quoteString(name)
	}
	members := make([]string, len(g.Members))
	for i, a := range g.Members {
		members[i] = a.String()
	}
	if len(members) == 0 {
		return name + ":;"
	}
	return name + ": " + strings.Join(members, ", ") + ";"
}

func (Group) recipient() {}

// AddressList is the value of a field such as To or Reply-To.
type AddressList []Recipient

// NewAddressList makes a list of mailboxes alone.
func NewAddressList(addresses ...Address) AddressList {
	list := make(AddressList, len(addresses))
	for i, a := range addresses {
		list[i] = a
	}
	return list
}

// Addresses returns all mailboxes in order, groups expanded.
func (l AddressList) Addresses() []Address {
	if len(l) == 0 {
		return nil
	}
	return l.appendAddresses(make([]Address, 0, len(l)))
}

func (l AddressList) appendAddresses(all []Address) []Address {
	for _, r := range l {
		switch r := r.(type) {
		case Address:
			all = append(all, r)
		case Group:
			all = append(all, r.Members...)
		}
	}
	return all
}

// needsUTF8 reports whether one of the mailboxes does.
func (l AddressList) needsUTF8() bool {
	for _, r := range l {
		switch r := r.(type) {
		case Address:
			if r.NeedsUTF8() {
				return true
			}
		case Group:
			if slices.ContainsFunc(r.Members, Address.NeedsUTF8) {
				return true
			}
		}
	}
	return false
}

// String returns the list as people read and type it, separated by commas.
func (l AddressList) String() string {
	texts := make([]string, len(l))
	for i, r := range l {
		texts[i] = r.String()
	}
	return strings.Join(texts, ", ")
}

// appendClone copies the list so that nobody else can change it.
func (l AddressList) appendClone(out AddressList) AddressList {
	if l == nil {
		return nil
	}
	out = slices.Grow(out, len(l))
	for _, r := range l {
		if g, ok := r.(Group); ok {
			g.Members = append([]Address(nil), g.Members...)
			r = g
		}
		out = append(out, r)
	}
	return out
}
