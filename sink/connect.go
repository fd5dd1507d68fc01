package sink

import (
	"context"
	"errors"
	"net"
	"time"
)

// connect makes a connected pair of TCP sockets. It is TCP and not net.Pipe, so
// that buffers, half-closing and deadlines are those of a network.
func connect(ctx context.Context) (client, accepted net.Conn, err error) {
	listener, err := listenLoopback(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = listener.Close() }()
	return connectTo(ctx, listener)
}

func listenLoopback(ctx context.Context) (*net.TCPListener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		// A machine may have IPv6 only.
		var err6 error
		if listener, err6 = config.Listen(ctx, "tcp6", "[::1]:0"); err6 != nil {
			return nil, errors.Join(err, err6)
		}
	}
	return listener.(*net.TCPListener), nil
}

// connectTo dials the listener and accepts exactly that connection. Every program
// of the machine can reach a loopback port while it is open, and one that did must
// neither be served as the run's connection nor keep the run's from being served.
func connectTo(ctx context.Context, listener *net.TCPListener) (client, accepted net.Conn, err error) {
	var dialer net.Dialer
	// The kernel completes the connection before it is accepted.
	client, err = dialer.DialContext(ctx, listener.Addr().Network(), listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = listener.SetDeadline(time.Unix(1, 0)) })()
	for {
		accepted, err = listener.Accept()
		if err != nil {
			_ = client.Close()
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, nil, err
		}
		if accepted.RemoteAddr().String() == client.LocalAddr().String() {
			return client, accepted, nil
		}
		_ = accepted.Close()
	}
}
