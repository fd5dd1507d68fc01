package mime

// Recipients returns what Message.Envelope would say of the message that Build makes of
// the description, without building it.
func (d *Description) Recipients() (from Address, to []Address, err error) {
	b := builder{d: d}
	if fault := b.checkAddresses(); fault != nil {
		return Address{}, nil, fault
	}
	// Without a message around them, which would be most of what this takes.
	var fault *Error
	if from, to, fault = b.envelope(nil); fault != nil {
		return Address{}, nil, fault
	}
	return from, to, nil
}
