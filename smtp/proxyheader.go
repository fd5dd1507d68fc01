package smtp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// ProxyHeader tells a server that trusts the client whom it stands for, in the
// PROXY protocol of HAProxy: before everything else, TLS included. The zero value
// sends none.
type ProxyHeader struct {
	Version int // 1, as text, or 2, as octets
	// Source and Destination are the ends of the connection that is passed on,
	// both IPv4 or both IPv6. Both zero say that it is the client's own.
	Source, Destination netip.AddrPort
}

func (h ProxyHeader) check() error {
	known := h.Source.IsValid()
	switch {
	case h == (ProxyHeader{}):
		return nil
	case h.Version != 1 && h.Version != 2:
		return &argumentError{fmt.Sprintf("version %d of the PROXY header is neither 1 nor 2", h.Version)}
	case known != h.Destination.IsValid(), known && h.Source.Addr().Unmap().Is4() != h.Destination.Addr().Unmap().Is4():
		return &argumentError{"source and destination of the PROXY header must both be IPv4 or both IPv6"}
	}
	return nil
}

// v2Signature begins a header of version 2.
const v2Signature = "\r\n\r\n\x00\r\nQUIT\n"

func (h ProxyHeader) bytes() []byte {
	source, destination := h.Source.Addr().Unmap(), h.Destination.Addr().Unmap()
	if h.Version == 1 {
		family := "TCP6"
		switch {
		case !source.IsValid():
			return []byte("PROXY UNKNOWN\r\n")
		case source.Is4():
			family = "TCP4"
		}
		return fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, source.WithZone(""), destination.WithZone(""), h.Source.Port(), h.Destination.Port())
	}
	if !source.IsValid() {
		return []byte(v2Signature + "\x20\x00\x00\x00") // LOCAL, no addresses
	}
	family := byte(0x21) // IPv6, stream
	if source.Is4() {
		family = 0x11
	}
	var addresses []byte
	addresses = append(append(addresses, source.AsSlice()...), destination.AsSlice()...)
	addresses = binary.BigEndian.AppendUint16(addresses, h.Source.Port())
	addresses = binary.BigEndian.AppendUint16(addresses, h.Destination.Port())
	out := append([]byte(v2Signature), 0x21, family) // version 2, PROXY
	out = binary.BigEndian.AppendUint16(out, uint16(len(addresses)))
	return append(out, addresses...)
}
