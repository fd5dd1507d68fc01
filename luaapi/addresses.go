package luaapi

import (
	"fmt"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// address reads one address: a text or an address object.
func (d *describer) address(field string, v lua.LValue) mime.Address {
	list := d.recipient(field, v)
	if a, ok := list.(mime.Address); ok {
		return a
	}
	d.refuse(field, fmt.Errorf("one address is wanted, not a group"))
	return mime.Address{}
}

func (d *describer) recipient(field string, v lua.LValue) mime.Recipient {
	switch v := v.(type) {
	case lua.LString:
		a, err := mime.ParseAddress(string(v))
		if err == nil {
			return a
		}
		// "Team: ann@x, bob@x;" is one element too.
		if list, listErr := mime.ParseAddressList(string(v)); listErr == nil && len(list) == 1 {
			return list[0]
		}
		d.refuse(field, err)
	case *lua.LUserData:
		if a, ok := v.Value.(*mime.Address); ok {
			return *a
		}
	}
	d.c.Usage("", "%s must be an address (a string or a mime.address), got %s", field, engine.TypeName(v))
	return nil
}

// addresses reads an address or a list of them. One element is one address:
// commas do not split, because names may hold them.
func (d *describer) addresses(field string, v lua.LValue) mime.AddressList {
	t, ok := v.(*lua.LTable)
	if !ok {
		text, isText := v.(lua.LString)
		if isText && field == "from" {
			return mime.AddressList{d.from(string(text))}
		}
		return mime.AddressList{d.recipient(field, v)}
	}
	if first, _ := t.Next(lua.LNil); t.MaxN() == 0 && first != lua.LNil {
		d.c.Usage(`write mime.address("Ann Example", "ann@example.org")`, "%s must be an address or a list of them, got a table with the name %q", field, lua.LVAsString(first))
	}
	list := mime.AddressList{}
	for i, item := range listItems(t) {
		list = append(list, d.recipient(fmt.Sprintf("%s[%d]", field, i+1), item))
	}
	return list
}

// parsedFrom is the last text of a sender and what it says: all messages of a merge have
// the same.
type parsedFrom struct {
	text string
	who  mime.Recipient
}

func (d *describer) from(text string) mime.Recipient {
	last := &d.c.bound.from
	if last.who == nil || last.text != text {
		last.who = nil
		who := d.recipient("from", lua.LString(text))
		last.text, last.who = text, who
	}
	return last.who
}
