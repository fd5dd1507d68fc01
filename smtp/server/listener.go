package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// ServeListener serves every connection of listener until ctx is done, which is
// no error, or accepting fails. It closes the listener, lets the connections end
// as [Serve] describes, and returns after the last of them. Connections beyond
// Limits.Connections are told 421 and closed. What ends a single connection
// concerns nobody else and is not reported.
func ServeListener(ctx context.Context, listener net.Listener, config Config) error {
	config = config.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	var connections sync.WaitGroup
	defer connections.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	defer func() { _ = listener.Close() }()

	places := make(chan struct{}, config.Limits.Connections)
	failures := 0
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case err != nil:
			// Out of file descriptors, or the peer is gone already: both pass.
			if failures++; failures > 10 || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("smtp server: accept: %w", err)
			}
			pause(ctx, time.Duration(failures)*20*time.Millisecond)
			continue
		}
		failures = 0
		select {
		case places <- struct{}{}:
			connections.Go(func() {
				defer func() { <-places }()
				_ = Serve(ctx, conn, config)
			})
		default:
			turnAway(conn)
		}
	}
}

// turnAway refuses a connection: RFC 5321, section 3.1. One line fits into the
// buffer of a new socket, so that nobody waits for the client. A TLS client could
// only be told after a handshake, which would be service.
func turnAway(conn net.Conn) {
	if _, plain := conn.(*net.TCPConn); plain {
		_ = conn.SetWriteDeadline(time.Now().Add(lingerTime))
		_, _ = conn.Write(Reply{421, "", "too many connections"}.append(nil, replyPlain, charsetASCII))
	}
	_ = conn.Close()
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
