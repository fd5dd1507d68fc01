package smtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

const (
	// attemptDelay is how long an address has before the next one is tried beside
	// it: the connection attempt delay of RFC 8305, section 5.
	attemptDelay = 250 * time.Millisecond
	// maxAddresses is how many addresses of a host, or of a domain's mail servers,
	// one attempt tries.
	maxAddresses = 5
)

var errNoAddress = errors.New("no address is left to try")

// addresses are those of a host that are still to be tried.
type addresses struct{ left []netip.Addr }

// next takes the first that is left.
func (a *addresses) next() (netip.Addr, bool) {
	if a == nil || len(a.left) == 0 {
		return netip.Addr{}, false
	}
	first := a.left[0]
	a.left = a.left[1:]
	return first, true
}

// alternating are at most limit addresses in the order they are to be tried:
// that of the resolver, with the families in turn, so that neither hides the
// other (RFC 8305, section 4).
func alternating(resolved []netip.Addr, limit int) []netip.Addr {
	var first, other []netip.Addr
	for _, address := range resolved {
		address = address.Unmap()
		if address.Is4() == resolved[0].Unmap().Is4() {
			first = append(first, address)
		} else {
			other = append(other, address)
		}
	}
	var order []netip.Addr
	for len(order) < limit && len(first)+len(other) > 0 {
		if len(first) > 0 {
			order = append(order, first[0])
			first = first[1:]
		}
		first, other = other, first
	}
	return order
}

// race dials one address after the other, each a moment after the one before or
// as soon as that has failed, and returns the first connection (RFC 8305, section
// 5). It takes from a what it tries; ctx ends it. No dial outlives it.
func race(ctx context.Context, a *addresses, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	if len(a.left) == 0 {
		return nil, errNoAddress
	}
	type outcome struct {
		conn net.Conn
		err  error
	}
	dialling, cancel := context.WithCancel(ctx)
	outcomes := make(chan outcome)
	pending := 0
	defer func() {
		cancel()
		for ; pending > 0; pending-- {
			if late := <-outcomes; late.conn != nil {
				late.conn.Close()
			}
		}
	}()
	var failed error
	delay := time.NewTimer(0)
	defer delay.Stop()
	for {
		select {
		case <-delay.C:
			address, ok := a.next()
			if !ok {
				continue
			}
			pending++
			go func() {
				conn, err := dial(dialling, address)
				outcomes <- outcome{conn, err}
			}()
			delay.Reset(attemptDelay)
		case o := <-outcomes:
			pending--
			if o.err == nil {
				return o.conn, nil
			}
			// That one family has no route says nothing of the other's trouble.
			if failed == nil || isUnreachable(failed) {
				failed = o.err
			}
			switch {
			case ctx.Err() != nil || pending == 0 && len(a.left) == 0:
				return nil, failed
			case len(a.left) > 0:
				delay.Reset(0)
			}
		}
	}
}

func isUnreachable(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EAFNOSUPPORT)
}
