package mime

import (
	"fmt"
	"slices"
	"testing"
)

// Recipients says what Envelope of the message says, and fails where Build does.
func TestRecipients(t *testing.T) {
	address := func(mailbox string) Address {
		t.Helper()
		a, err := NewAddress("", mailbox)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ann, bob, carol, zoe := address("ann@example.org"), address("bob@example.org"), address("carol@example.org"), address("zoë@example.org")
	null := Address{}
	group := Group{Name: "Team", Members: []Address{bob, carol, bob}}
	for i, d := range []Description{
		{From: []Address{ann}, To: AddressList{bob}},
		{From: []Address{ann}, To: AddressList{bob, carol}, Cc: AddressList{bob}, Bcc: AddressList{ann, carol}},
		{From: []Address{ann}, Bcc: AddressList{bob}},
		{From: []Address{ann}, To: AddressList{group}},
		{From: []Address{ann}, To: AddressList{Group{Name: "Nobody"}}},
		{From: []Address{ann, bob}, Sender: &carol, To: AddressList{bob}},
		{From: []Address{ann, bob}, To: AddressList{bob}},
		{From: []Address{ann}, To: AddressList{zoe}},
		{From: []Address{zoe}, To: AddressList{ann}},
		{From: []Address{ann}, To: AddressList{bob}, Envelope: &Envelope{From: &null}},
		{From: []Address{ann}, To: AddressList{bob}, Envelope: &Envelope{From: &zoe, To: []Address{carol, ann, carol}}},
		{From: []Address{ann}, To: AddressList{bob}, Envelope: &Envelope{To: []Address{}}},
		{From: []Address{ann}, To: AddressList{bob}, Envelope: &Envelope{To: []Address{{Mailbox: "bob"}}}},
		{To: AddressList{bob}},
		{From: []Address{ann}},
	} {
		from, to, err := d.Recipients()
		m, fault := Build(d, Environment{})
		if fmt.Sprint(err) != fmt.Sprint(fault) {
			t.Errorf("%d: %v, and Build says %v", i, err, fault)
		}
		if m == nil {
			continue
		}
		if wantFrom, want := m.Envelope(); from != wantFrom || !slices.Equal(to, want) {
			t.Errorf("%d: from %v to %v, want %v to %v", i, from, to, wantFrom, want)
		}
		if want := from.NeedsUTF8() || slices.ContainsFunc(to, Address.NeedsUTF8); m.UTF8() != want {
			t.Errorf("%d: UTF8 is %v", i, m.UTF8())
		}
	}
}
