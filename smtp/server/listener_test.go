package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

func TestServeListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- ServeListener(ctx, listener, Config{Limits: Limits{Connections: 2}}) }()
	dial := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	expect := func(conn net.Conn, want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	first, second := dial(), dial()
	expect(first, "220 localhost ESMTP\r\n")
	expect(second, "220 localhost ESMTP\r\n")
	expect(dial(), "421 too many connections\r\n")
	// A connection that ends makes room.
	_, _ = io.WriteString(first, "QUIT\r\n")
	expect(first, "221 2.0.0 bye\r\n")
	if _, err := io.Copy(io.Discard, first); err != nil {
		t.Fatal(err)
	}
	cancel()
	expect(second, "421 4.3.2 shutting down, closing connection\r\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("the listener is open")
	}
}

func TestServeListenerFails(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := ServeListener(t.Context(), listener, Config{}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// The last reply arrives although the client is still sending: over TCP a reset
// would overtake it.
func TestLastReplyArrives(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- ServeListener(ctx, listener, Config{Limits: Limits{Errors: 1}}) }()
	for range 20 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "XYZZY\r\n"+strings.Repeat("NOOP\r\n", 10000))
		said, err := io.ReadAll(conn)
		if err != nil || !strings.HasSuffix(string(said), "421 4.7.0 too many errors, closing connection\r\n") {
			t.Errorf("%q, %v", said, err)
		}
		_ = conn.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
