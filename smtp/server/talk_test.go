package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// talk is the client's end of a session that is served in the background.
type talk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	err  error // what Serve returned, after end
	task sync.WaitGroup
}

func newTalk(t *testing.T, ctx context.Context, config Config) *talk {
	t.Helper()
	ours, theirs := net.Pipe()
	k := &talk{t: t, conn: ours, in: bufio.NewReader(ours)}
	k.task.Go(func() { k.err = Serve(ctx, theirs, config) })
	t.Cleanup(func() { _ = k.conn.Close(); k.task.Wait() })
	return k
}

// say writes octets and listens for the replies, one line an expectation.
func (k *talk) say(octets string, replies ...string) {
	k.t.Helper()
	if octets != "" {
		if _, err := io.WriteString(k.conn, octets); err != nil {
			k.t.Fatalf("saying %q: %v", octets, err)
		}
	}
	for _, want := range replies {
		line, err := k.in.ReadString('\n')
		if err != nil || strings.TrimSuffix(line, "\r\n") != want {
			k.t.Fatalf("after %q the server said %q, %v, want %q", octets, line, err, want)
		}
	}
}

// ehlo says EHLO and returns the keywords.
func (k *talk) ehlo() []string {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, "EHLO client.test\r\n"); err != nil {
		k.t.Fatal(err)
	}
	var keywords []string
	for {
		line, err := k.in.ReadString('\n')
		if err != nil || len(line) < 6 {
			k.t.Fatalf("reading EHLO: %q, %v", line, err)
		}
		keywords = append(keywords, strings.TrimSpace(line[4:]))
		if line[3] == ' ' {
			return keywords[1:]
		}
	}
}

// startTLS does the handshake.
func (k *talk) startTLS(config *tls.Config) {
	k.t.Helper()
	conn := tls.Client(k.conn, config)
	if err := conn.Handshake(); err != nil {
		k.t.Fatalf("handshake: %v", err)
	}
	k.conn, k.in = conn, bufio.NewReader(conn)
}

// ended expects that the server has closed, and returns what Serve returned.
func (k *talk) ended() error {
	k.t.Helper()
	if rest, err := io.ReadAll(k.in); err != nil || len(rest) > 0 {
		k.t.Fatalf("expected the end, read %q, %v", rest, err)
	}
	_ = k.conn.Close()
	k.task.Wait()
	return k.err
}

func offered(keywords []string, name string) bool {
	for _, keyword := range keywords {
		if first, _, _ := strings.Cut(keyword, " "); first == name {
			return true
		}
	}
	return false
}
