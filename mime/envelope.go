package mime

// Recipients returns what Message.Envelope would say of the message that Build makes of
// the description, without building it.
func (d *Description) Recipients() (from Address, to []Address, err error) {
	b := builder{d: d}
	var m Message
	if fault := b.checkAddresses(); fault != nil {
		return Address{}, nil, fault
	}
	if fault := b.envelope(&m); fault != nil {
		return Address{}, nil, fault
	}
	return m.from, m.to, nil
}
