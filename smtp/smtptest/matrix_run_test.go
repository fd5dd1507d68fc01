//go:build matrix

package smtptest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/mailscript/mailscript/smtp"
	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// observation is what came of a cell: what the client says, and what the
// servers saw.
type observation struct {
	connect, auth, send *smtp.Error
	untyped             error // an error that is no *smtp.Error
	quit                error
	result              smtp.Result
	connected, usable   bool
	seen                Connection
	again               *Connection // of the second attempt
	retried             smtp.Result
}

// outcomes are those of the recipients, "" for one that was never tried.
func (o observation) outcomes() (out [3]string) {
	for i, r := range o.result.Recipients {
		out[i] = string(r.Outcome)
	}
	return out
}

// observe runs the client against the cell's server, over what dial yields.
func (c cell) observe(t *testing.T, server Server, dial func() (net.Conn, error), seen func() Connection) (o observation) {
	note := func(err error) *smtp.Error {
		var fault *smtp.Error
		if err != nil && !errors.As(err, &fault) {
			o.untyped = err
		}
		return fault
	}
	options := smtp.Options{
		Host: "mx.example", Port: 2525, TLS: smtp.TLSMode(c.mode), LocalName: "client.example",
		RootCAs: server.Identity.Roots,
		Dial:    func(context.Context, smtp.Target) (net.Conn, error) { return dial() },
	}
	if c.lmtp {
		options.Protocol = smtp.LMTP
	}
	o.converse(t.Context(), c, options, note)
	o.seen = seen()
	o.retry(t.Context(), c)
	return o
}

func (o *observation) converse(ctx context.Context, c cell, options smtp.Options, note func(error) *smtp.Error) {
	session, err := smtp.Connect(ctx, options)
	if err != nil {
		o.connect = note(err)
		return
	}
	o.connected = true
	defer session.Close()
	if c.state.auth != "" {
		_, err := session.Auth(ctx, smtp.Credentials{
			Username: user, Password: smtp.NewSecret(password), Mechanism: c.state.auth, InClear: c.inClear == "",
		})
		if err != nil {
			o.auth = note(err)
		}
	}
	if o.auth == nil {
		o.result, err = session.Send(ctx, smtp.Envelope{From: sender, To: recipients}, c.offered(), smtp.SendOptions{Transfer: smtp.Transfer(c.transfer)})
		if err != nil {
			o.send = note(err)
		}
	}
	o.usable = session.Usable() == nil
	if o.usable {
		_, o.quit = session.Quit(ctx)
	}
}

// offered is the message without its size, which keeps the wire the same
// whatever the server offers.
func (c cell) offered() smtp.Content {
	if c.huge {
		return smtp.Content{Size: -1, Writer: huge{}}
	}
	return smtp.Content{Size: -1, Writer: text(c.message())}
}

// huge is bigMessage, so big that a server which speaks within it is heard
// before its end, however busy the machine is.
type huge struct{}

func (huge) WriteTo(w io.Writer) (total int64, err error) {
	block := bigMessage(1 << 20)
	rest := block[len(header):]
	for total < 1<<32 {
		n, err := w.Write(block)
		if total += int64(n); err != nil {
			return total, err
		}
		block = rest
	}
	return total, nil
}

// text is a message that can be written more than once.
type text []byte

func (p text) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(p)
	return int64(n), err
}

// retry sends to a good server whatever the client says is safe to send again:
// what was deferred, and what was never tried.
func (o *observation) retry(ctx context.Context, c cell) {
	var to []string
	for i, outcome := range o.outcomes() {
		if outcome == string(smtp.Deferred) || outcome == "" {
			to = append(to, recipients[i])
		}
	}
	if len(to) == 0 {
		return
	}
	ours, theirs := net.Pipe()
	done := make(chan Connection, 1)
	go func() { done <- Server{}.Serve(theirs) }()
	session, err := smtp.Connect(ctx, smtp.Options{
		Host: "mx.example", Port: 25, TLS: smtp.TLSOff, LocalName: "client.example",
		Dial: func(context.Context, smtp.Target) (net.Conn, error) { return ours, nil },
	})
	if err == nil {
		o.retried, _ = session.Send(ctx, smtp.Envelope{From: sender, To: to}, smtp.ContentOf([]byte("Subject: x\r\n\r\n")), smtp.SendOptions{})
		_, _ = session.Quit(ctx)
	}
	ours.Close()
	again := <-done
	o.again = &again
}

// overTCP runs a cell over the loopback interface.
func (c cell) overTCP(t *testing.T, identity Identity) observation {
	server := c.serverFor(identity)
	running := server.Start(t)
	defer running.Close()
	if c.refused {
		running.Close()
	}
	return c.observe(t, server, func() (net.Conn, error) {
		conn, err := net.Dial("tcp", running.Address)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
	}, func() Connection { return running.Connection(0) })
}

// overPipe runs a cell inside a bubble of synctest, where a timeout of ten
// minutes takes no time.
func (c cell) overPipe(t *testing.T, identity Identity) observation {
	server := c.serverFor(identity)
	done := make(chan Connection, 1)
	return c.observe(t, server, func() (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { done <- server.Serve(theirs) }()
		return ours, nil
	}, func() Connection { return <-done })
}
