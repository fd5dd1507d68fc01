// Command sink is an SMTP server that throws everything away, quickly enough not
// to be what a client under measurement waits for.
//
//	sink [-listen 127.0.0.1:0] [-tls | -starttls] [-certificate FILE] [-auth]
//	     [-no-pipelining] [-no-chunking] [-delay 25ms]
//
// It says "ready HOST:PORT" on standard output, and at SIGTERM or SIGINT prints
// what it counted, as JSON. The two counts that matter most:
//
//	turns   the server had said something, had to wait for input, and got some
//	rounds  with -delay: the longest chain of replies and the input they caused
//
// A server that has more input to work on gathers its replies, as Postfix does,
// so a client that streams is not charged for turns it never waits for.
//
// -delay holds back what goes either way by that time, in order, any number of
// octets in flight: a round trip takes twice as long, and traffic that does not
// wait for replies pays it once. The three-way handshake is part of it. Linux
// and macOS only.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	listen       string
	implicit     bool
	startTLS     bool
	certificate  string
	auth         bool
	noPipelining bool
	noChunking   bool
	delay        time.Duration // one way
}

// closeGrace is what connections still open get when the server is told to end.
const closeGrace = 2 * time.Second

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` to listen on")
	flag.BoolVar(&o.implicit, "tls", false, "speak TLS from the first octet")
	flag.BoolVar(&o.startTLS, "starttls", false, "offer STARTTLS")
	flag.StringVar(&o.certificate, "certificate", "", "write the certificate to this `file`, for clients to trust")
	flag.BoolVar(&o.auth, "auth", false, "offer AUTH PLAIN and LOGIN, and let everybody in")
	flag.BoolVar(&o.noPipelining, "no-pipelining", false, "do not offer PIPELINING")
	flag.BoolVar(&o.noChunking, "no-chunking", false, "do not offer CHUNKING")
	flag.DurationVar(&o.delay, "delay", 0, "hold back everything this long, in each direction")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	s := server{options: o}
	if o.implicit || o.startTLS {
		certificate, err := makeCertificate(o.certificate)
		if err != nil {
			return err
		}
		s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	fmt.Println("ready", listener.Addr())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve(listener)
	}()
	<-ctx.Done()
	listener.Close()
	select {
	case <-done:
	case <-time.After(closeGrace):
	}
	return json.NewEncoder(os.Stdout).Encode(s.counted())
}

// server is what all connections share.
type server struct {
	options options
	tls     *tls.Config

	mu       sync.Mutex
	totals   totals
	idleTime time.Duration // processor time before the first connection
}

// serve returns when the listener is closed and every connection has ended.
func (s *server) serve(listener net.Listener) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for first := true; ; first = false {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if first {
			s.began()
		}
		sessions.Go(func() { s.handle(conn) })
	}
}

func (s *server) began() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idleTime = processorTime()
}

// transport is a connection that tells when a read finds nothing to read.
type transport interface {
	net.Conn
	whenIdle(func())
	counts() *exchange
}

func (s *server) handle(conn net.Conn) {
	var t transport
	var err error
	if s.options.delay > 0 {
		t = newDelayed(conn, s.options.delay)
	} else if t, err = newSocket(conn.(*net.TCPConn)); err != nil {
		conn.Close()
		s.add(totals{Connections: 1, Errors: 1})
		return
	}
	session := newSession(s, t)
	err = session.run()
	session.conn.Close()
	s.add(session.result(err))
}
