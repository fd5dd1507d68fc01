package sink

import (
	"context"
	"errors"
	"net"
	"testing"
)

// A stranger that reaches the listener first is not served, and does not keep the
// run's own connection from being served.
func TestStrangerIsDropped(t *testing.T) {
	listener, err := listenLoopback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var strangers []net.Conn
	for range 3 {
		stranger, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stranger.Close() }()
		strangers = append(strangers, stranger)
	}
	ours, accepted, err := connectTo(t.Context(), listener)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close(); _ = accepted.Close() }()
	if accepted.RemoteAddr().String() != ours.LocalAddr().String() {
		t.Errorf("accepted %v, want %v", accepted.RemoteAddr(), ours.LocalAddr())
	}
	for _, stranger := range strangers {
		if n, err := stranger.Read(make([]byte, 1)); err == nil {
			t.Errorf("a stranger read %d octets", n)
		}
	}
}

func TestConnectIsInterrupted(t *testing.T) {
	listener, err := listenLoopback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := connectTo(ctx, listener); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
