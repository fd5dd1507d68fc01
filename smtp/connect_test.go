package smtp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// network is one in which each address does what a test says, at a time of its
// own.
type network struct {
	does  map[string]func(context.Context) (net.Conn, error)
	began time.Time

	mu    sync.Mutex
	tried []string // with the time from the beginning
}

func (n *network) dial(ctx context.Context, address netip.Addr) (net.Conn, error) {
	n.mu.Lock()
	n.tried = append(n.tried, address.String()+" "+time.Since(n.began).String())
	n.mu.Unlock()
	if does := n.does[address.String()]; does != nil {
		return does(ctx)
	}
	return blackhole(ctx)
}

// blackhole drops every packet.
func blackhole(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
}

// after answers with a connection, or an error.
func after(d time.Duration, errno syscall.Errno, opened *connections) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		time.Sleep(d) // of the bubble; a connection may come when nobody wants it any more
		if errno != 0 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
		}
		near, _ := net.Pipe()
		opened.mu.Lock()
		defer opened.mu.Unlock()
		opened.all = append(opened.all, near)
		return near, nil
	}
}

// connections are those that were made.
type connections struct {
	mu  sync.Mutex
	all []net.Conn
}

// FAULTS.md, row 5: an address that swallows packets holds the next one up by a
// quarter of a second, whatever its family; and all of them together have the
// time for connecting.
func TestFault5(t *testing.T) {
	const (
		six, six2   = "2001:db8::1", "2001:db8::2"
		four, four2 = "192.0.2.1", "192.0.2.2"
	)
	var opened connections
	open := func(d time.Duration) func(context.Context) (net.Conn, error) { return after(d, 0, &opened) }
	fail := func(d time.Duration, errno syscall.Errno) func(context.Context) (net.Conn, error) {
		return after(d, errno, &opened)
	}
	type does = map[string]func(context.Context) (net.Conn, error)
	for _, test := range []struct {
		name     string
		resolved []string
		does     does
		tried    []string
		took     time.Duration
		want     string // of the error
		opened   int
	}{
		{"six is a black hole", []string{six, six2, four}, does{four: open(20 * time.Millisecond)},
			[]string{six + " 0s", four + " 250ms"}, 270 * time.Millisecond, "", 1},
		{"four is a black hole", []string{four, four2, six}, does{six: open(0)}, []string{four + " 0s", six + " 250ms"}, 250 * time.Millisecond, "", 1},
		{"the first is quick enough", []string{six, four}, does{six: open(249 * time.Millisecond), four: open(0)},
			[]string{six + " 0s"}, 249 * time.Millisecond, "", 1},
		{"one family, one black hole", []string{four, four2}, does{four2: open(0)}, []string{four + " 0s", four2 + " 250ms"}, 250 * time.Millisecond, "", 1},
		{"what is refused waits for nothing", []string{six, four}, does{six: fail(10*time.Millisecond, syscall.ECONNREFUSED), four: open(0)},
			[]string{six + " 0s", four + " 10ms"}, 10 * time.Millisecond, "", 1},
		{"no route says less than a refusal", []string{six, four}, does{six: fail(0, syscall.ENETUNREACH), four: fail(0, syscall.ECONNREFUSED)},
			[]string{six + " 0s", four + " 0s"}, 0, "connection refused", 0},
		{"a refusal says more than no route", []string{four, six}, does{six: fail(0, syscall.ENETUNREACH), four: fail(0, syscall.ECONNREFUSED)},
			[]string{four + " 0s", six + " 0s"}, 0, "connection refused", 0},
		{"the late one is closed", []string{six, four}, does{six: open(300 * time.Millisecond), four: open(10 * time.Millisecond)},
			[]string{six + " 0s", four + " 250ms"}, 300 * time.Millisecond, "", 2},
		{"all are black holes", []string{six, six2, four, four2}, does{},
			[]string{six + " 0s", four + " 250ms", six2 + " 500ms", four2 + " 750ms"}, 30 * time.Second, "timeout", 0},
		{"one is left after the others failed", []string{six, four}, does{six: fail(time.Second, syscall.ECONNREFUSED), four: open(2 * time.Second)},
			[]string{six + " 0s", four + " 250ms"}, 2250 * time.Millisecond, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			opened.all = nil
			synctest.Test(t, func(t *testing.T) {
				n := &network{does: test.does, began: time.Now()}
				var resolved []netip.Addr
				for _, text := range test.resolved {
					resolved = append(resolved, netip.MustParseAddr(text))
				}
				ctx, cancel := context.WithTimeout(t.Context(), ConnectTimeout)
				defer cancel()
				conn, err := race(ctx, &addresses{alternating(resolved, maxAddresses)}, n.dial)
				if took := time.Since(n.began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if !slices.Equal(n.tried, test.tried) {
					t.Errorf("tried %q, want %q", n.tried, test.tried)
				}
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
				if len(opened.all) != test.opened {
					t.Errorf("%d connections were made", len(opened.all))
				}
				for _, one := range opened.all {
					_ = one.SetReadDeadline(time.Now())
					_, err := one.Read(make([]byte, 1))
					if closed := errors.Is(err, io.ErrClosedPipe); closed == (one == conn) {
						t.Errorf("closed: %v, used: %v (%v)", closed, one == conn, err)
					}
				}
			})
		})
	}
}

// FAULTS.md, row 5: who is interrupted waits for no address.
func TestFault5Interrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := &network{began: time.Now()}
		time.AfterFunc(time.Second, cancel)
		_, err := race(ctx, &addresses{[]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}}, n.dial)
		if err == nil || time.Since(n.began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(n.began))
		}
	})
}

// The real thing: a name whose first address has nobody listening, on this
// machine's own network.
func TestFault5Loopback(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				smtpServer(conn, bufio.NewReader(conn))
			}()
		}
	}()
	names := serveNames(t, map[string][]string{"mx.example A": {"127.0.0.1"}, "mx.example AAAA": {"::1"}})
	s, err := Connect(t.Context(), Options{
		Host: "mx.example.", Port: listener.Addr().(*net.TCPAddr).Port, TLS: TLSOff, LocalName: "client.example", Resolver: names.resolver(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	// An address of the other family cannot be reached from this one.
	_, err = Connect(t.Context(), Options{
		Host: "mx.example.", Port: listener.Addr().(*net.TCPAddr).Port, TLS: TLSOff, LocalName: "client.example", Resolver: names.resolver(), SourceAddress: "127.0.0.1",
	})
	if err != nil {
		t.Error(err)
	}
	names = serveNames(t, map[string][]string{"six.example AAAA": {"2001:db8::1"}})
	_, err = Connect(t.Context(), Options{Host: "six.example.", Port: 25, Resolver: names.resolver(), SourceAddress: "127.0.0.1"})
	if fault := wantFault(t, err, KindDNS); fault.Temporary() || !strings.Contains(err.Error(), "source address") {
		t.Error(err)
	}
}

// FAULTS.md, row 6: a mail server that refuses, or resets, is not the end while
// another one is left; and when none is, it may be later.
func TestFault6(t *testing.T) {
	names := serveNames(t, map[string][]string{
		"example.org MX":   {"10 a.example.org", "20 b.example.org", "30 c.example.org"},
		"a.example.org A":  {"203.0.113.1", "203.0.113.2"},
		"b.example.org A":  {"203.0.113.3"},
		"c.example.org A":  {"203.0.113.4"},
		"gone.example MX":  {"10 x.gone.example", "20 b.example.org"},
		"mixed.example MX": {"10 b.example.org", "20 x.gone.example"},
	})
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	resets := func(far net.Conn) { far.Close() }
	greets := func(far net.Conn) { smtpServer(far, bufio.NewReader(far)) }
	says := func(text string) func(net.Conn) { return func(far net.Conn) { say(far, text); far.Close() } }
	for _, test := range []struct {
		name, domain string
		serves       map[string]func(net.Conn) // by host; the others refuse
		tried        string
		want         string // of the error
		temporary    bool
	}{
		{"the second server", "example.org", map[string]func(net.Conn){"b.example.org": greets}, "a a b", "", false},
		{"the third server", "example.org", map[string]func(net.Conn){"c.example.org": greets}, "a a b c", "", false},
		{"behind one that resets", "example.org", map[string]func(net.Conn){"a.example.org": resets, "b.example.org": greets}, "a b", "", false},
		{"none", "example.org", nil, "a a b c", "connection refused", true},
		{"one that has no address", "gone.example", map[string]func(net.Conn){"b.example.org": greets}, "b", "", false},
		{"none, and one without an address", "mixed.example", nil, "b", "connection refused", true},
		{"none, and one that wants nobody", "example.org", map[string]func(net.Conn){"c.example.org": says("554 go away")}, "a a b c", "connection refused", true},
		{"one that is busy, and one that wants nobody", "example.org", map[string]func(net.Conn){"b.example.org": says("421 busy"), "c.example.org": says("554 go away")},
			"a a b c", "421 busy", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tried []string
			s, err := ConnectMX(t.Context(), test.domain, Options{Resolver: names.resolver(), LocalName: "client.example", Dial: func(_ context.Context, target Target) (net.Conn, error) {
				tried = append(tried, strings.TrimSuffix(target.Host, ".example.org"))
				serve := test.serves[target.Host]
				if serve == nil {
					return nil, refused
				}
				near, far := net.Pipe()
				go serve(far)
				return near, nil
			}})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				s.Close()
			} else {
				var fault *Error
				if !errors.As(err, &fault) || fault.Temporary() != test.temporary || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %s", err, test.want)
				}
			}
			if got := strings.Join(tried, " "); got != test.tried {
				t.Errorf("tried %q, want %q", got, test.tried)
			}
		})
	}
}
