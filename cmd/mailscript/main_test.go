package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp/server"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mailscript": func() {
			ctx, stop := interruptible()
			defer stop()
			os.Exit(Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScript runs the command as a user would. Scripts find a server at
// 127.0.0.1:$SERVER that does what the recipients' names say, and nothing at
// all at $CLOSED.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			port, received, err := startServer(env)
			if err != nil {
				return err
			}
			closed, err := closedPort()
			if err != nil {
				return err
			}
			env.Setenv("SERVER", strconv.Itoa(port))
			env.Setenv("CLOSED", strconv.Itoa(closed))
			secured, err := startSecured(env)
			if err != nil {
				return err
			}
			env.Setenv("SECURED", strconv.Itoa(secured))
			env.Setenv("TMPDIR", env.WorkDir)
			env.Values["received"] = received
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"delivered": cmdDelivered,
			"mkport":    cmdMakePort,
			"received":  cmdReceived,
			"status":    cmdStatus,
		},
	})
}

// cmdReceived checks how many messages the server took: received 2.
func cmdReceived(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: received COUNT")
	}
	if got := ts.Value("received").(*received).String(); got != args[0] {
		ts.Fatalf("the server received %s messages, want %s", got, args[0])
	}
}

// cmdDelivered checks whom the server took messages for, in order of arrival:
// delivered ann@example.org bob@example.org.
func cmdDelivered(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: delivered ADDRESS...")
	}
	r := ts.Value("received").(*received)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.recipients, args) {
		ts.Fatalf("the server has messages for %q, want %q", r.recipients, args)
	}
}

// cmdMakePort puts the port of the server into a file that has $SERVER for it.
func cmdMakePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mkport FILE")
	}
	path := ts.MkAbs(args[0])
	text := strings.ReplaceAll(ts.ReadFile(path), "$SERVER", ts.Getenv("SERVER"))
	ts.Check(os.WriteFile(path, []byte(text), 0o600))
}

// cmdStatus runs mailscript and checks its exit status: status 65 run x.lua.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE ARGUMENT...")
	}
	err := ts.Exec("mailscript", args[1:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func closedPort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

type received struct {
	mu         sync.Mutex
	n          int
	recipients []string
}

func (r *received) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strconv.Itoa(r.n)
}

// startServer serves until the script ends.
func startServer(env *testscript.Env) (int, *received, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &received{}
	once := &sync.Map{}
	var connections sync.WaitGroup
	connections.Add(1)
	go func() {
		defer connections.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer connections.Done()
				_ = server.Serve(ctx, conn, server.Config{
					Hostname: "mx.example", AuthInClear: true,
					Handler: &obliging{conn: conn, received: r, once: once},
				})
			}()
		}
	}()
	env.Defer(func() {
		cancel()
		listener.Close()
		connections.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port, r, nil
}

// startSecured greets over TLS, with a certificate that no list of authorities
// knows.
func startSecured(env *testscript.Env) (int, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return 0, err
	}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "Strange Root"}}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, &key.PublicKey, key)
	if err != nil {
		return 0, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		return 0, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mx.example ESMTP\r\n")
			conn.Close()
		}
	}()
	env.Defer(func() {
		listener.Close()
		<-done
	})
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// obliging does to each recipient what its name says.
type obliging struct {
	server.Accept
	conn     net.Conn
	received *received
	once     *sync.Map
}

func (o *obliging) Auth(_ context.Context, _ server.Peer, c server.Credentials) server.Reply {
	if password := c.Password.Reveal(); password != "right" && password != "canary-0451" {
		return server.Reply{Code: 535, Enhanced: "5.7.8", Text: "wrong password"}
	}
	return server.Reply{}
}

func (o *obliging) Rcpt(_ context.Context, _ server.Peer, _ server.Envelope, r server.Recipient) server.Reply {
	name, _, _ := strings.Cut(r.Address, "@")
	switch name {
	case "no":
		return server.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	case "later":
		return server.Reply{Code: 450, Enhanced: "4.2.0", Text: "try later"}
	case "once":
		if _, before := o.once.LoadOrStore(r.Address, true); !before {
			return server.Reply{Code: 450, Enhanced: "4.7.1", Text: "greylisted"}
		}
	}
	return server.Reply{}
}

func (o *obliging) Message(ctx context.Context, p server.Peer, e server.Envelope, body io.Reader) server.Reply {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return server.Reply{Code: 451, Text: "broken"}
	}
	o.received.mu.Lock()
	o.received.n++
	for _, r := range e.Recipients {
		o.received.recipients = append(o.received.recipients, r.Address)
	}
	o.received.mu.Unlock()
	for _, r := range e.Recipients {
		if strings.HasPrefix(r.Address, "drop@") {
			o.conn.Close() // counted by now: the client goes on at once
		}
	}
	return server.Reply{}
}
