package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a name server on a port of this machine, over UDP and TCP. It
// answers with records, "example.org MX" to "10 mx.example.org"; what is not
// among them does not exist. The record "servfail" is a failure, "silence" none.
type nameServer struct {
	records map[string][]string
	address string

	mu    sync.Mutex
	asked map[string]int
}

func serveNames(t *testing.T, records map[string][]string) *nameServer {
	t.Helper()
	n := &nameServer{records: records, asked: map[string]int{}}
	udp, tcp := listenBoth(t)
	n.address = udp.LocalAddr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		buffer := make([]byte, 4096)
		for {
			size, from, err := udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := n.answer(buffer[:size], 1232); answer != nil {
				_, _ = udp.WriteTo(answer, from)
			}
		}
	})
	serving.Go(func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { n.serveTCP(conn) })
		}
	})
	t.Cleanup(func() { udp.Close(); tcp.Close(); serving.Wait() })
	return n
}

// listenBoth takes one port of both kinds; of those that are free for UDP some
// are taken for TCP.
func listenBoth(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	var err error
	for range 20 {
		var udp net.PacketConn
		if udp, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			continue
		}
		var tcp net.Listener
		if tcp, err = net.Listen("tcp", udp.LocalAddr().String()); err == nil {
			return udp, tcp
		}
		udp.Close()
	}
	t.Fatal(err)
	return nil, nil
}

// serveTCP puts the length in front (RFC 1035, section 4.2.2).
func (n *nameServer) serveTCP(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		question := make([]byte, int(head[0])<<8|int(head[1]))
		if _, err := io.ReadFull(r, question); err != nil {
			return
		}
		answer := n.answer(question, 1<<16-1)
		if answer == nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}

// answer is nil where there is none. One that is longer than limit is cut, and
// says so.
func (n *nameServer) answer(question []byte, limit int) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name, kind := strings.TrimSuffix(q.Name.String(), "."), strings.TrimPrefix(q.Type.String(), "Type")
	n.mu.Lock()
	n.asked[name+" "+kind]++
	n.mu.Unlock()
	m.Response, m.Authoritative, m.Additionals, m.RCode = true, true, nil, dnsmessage.RCodeNameError
	for key := range n.records {
		if known, _, _ := strings.Cut(key, " "); known == name {
			m.RCode = dnsmessage.RCodeSuccess
		}
	}
	if target := n.records[name+" CNAME"]; len(target) == 1 && kind != "CNAME" {
		m.Answers = append(m.Answers, record(q.Name, "CNAME", target[0]))
		name = target[0]
		q.Name = dnsmessage.MustNewName(name + ".")
	}
	for _, value := range n.records[name+" "+kind] {
		switch value {
		case "servfail":
			m.RCode = dnsmessage.RCodeServerFailure
		case "silence":
			return nil
		default:
			m.Answers = append(m.Answers, record(q.Name, kind, value))
		}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	if len(packed) > limit {
		m.Truncated, m.Answers = true, nil
		packed, _ = m.Pack()
	}
	return packed
}

func record(name dnsmessage.Name, kind, value string) dnsmessage.Resource {
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 60}}
	switch kind {
	case "MX":
		preference, host, _ := strings.Cut(value, " ")
		pref, _ := strconv.Atoi(preference)
		r.Body = &dnsmessage.MXResource{Pref: uint16(pref), MX: dnsmessage.MustNewName(strings.TrimSuffix(host, ".") + ".")}
	case "A":
		r.Body = &dnsmessage.AResource{A: netip.MustParseAddr(value).As4()}
	case "AAAA":
		r.Body = &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(value).As16()}
	case "CNAME":
		r.Body = &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(value + ".")}
	}
	return r
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, n.address)
	}}
}

func (n *nameServer) times(question string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[question]
}

// connectBoth looks a name up as that of a host, and as a domain.
func connectBoth(t *testing.T, resolver *net.Resolver, name string) (host, domain error) {
	t.Helper()
	options := Options{Resolver: resolver, LocalName: "client.example", Timeouts: Timeouts{Connect: 20 * time.Second}}
	_, domain = ConnectMX(t.Context(), name, options)
	// A trailing dot keeps the machine's search list out of it.
	options.Host = name + "."
	_, host = Connect(t.Context(), options)
	return host, domain
}

// FAULTS.md, row 1: a name that does not exist is a mistake in the
// configuration; a name server that fails, or says nothing, may answer later.
func TestFault1(t *testing.T) {
	names := serveNames(t, map[string][]string{
		"broken.example A": {"servfail"}, "broken.example AAAA": {"servfail"}, "broken.example MX": {"servfail"},
		// It would be a mail server, but whether it is the one is not known.
		"half.example A": {"203.0.113.1"}, "half.example MX": {"servfail"},
		"empty.example TXT":  {},
		"nohost.example MX":  {"10 mx.nohost.example"},
		"badhost.example MX": {"10 mx.broken.example", "20 mx.nohost.example"}, "mx.broken.example A": {"servfail"}, "mx.broken.example AAAA": {"servfail"},
	})
	for _, test := range []struct {
		name, want   string // of both errors
		host, domain bool   // is temporary
		only         string // "domain" where the host is of no interest
	}{
		{"missing.example", "no such host", false, false, ""},
		{"empty.example", "no such host", false, false, ""},
		{"broken.example", "server misbehaving", true, true, ""},
		{"half.example", "server misbehaving", false, true, "domain"},
		{"nohost.example", "no such host", false, false, "domain"},
		{"badhost.example", "server misbehaving", false, true, "domain"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.only == "domain" {
				_, err := ConnectMX(t.Context(), test.name, Options{Resolver: names.resolver(), LocalName: "client.example"})
				if fault := wantFault(t, err, KindDNS); fault.Temporary() != test.domain || !strings.Contains(err.Error(), test.want) {
					t.Errorf("domain: %v, temporary %v", err, fault.Temporary())
				}
				return
			}
			host, domain := connectBoth(t, names.resolver(), test.name)
			if fault := wantFault(t, host, KindDNS); fault.Temporary() != test.host || !strings.Contains(host.Error(), test.want) {
				t.Errorf("host: %v, temporary %v", host, fault.Temporary())
			}
			if fault := wantFault(t, domain, KindDNS); fault.Temporary() != test.domain || !strings.Contains(domain.Error(), test.want) {
				t.Errorf("domain: %v, temporary %v", domain, fault.Temporary())
			}
		})
	}
	if names.times("half.example A") != 0 {
		t.Error("a domain whose MX is not known was taken for its own mail server")
	}
}

// FAULTS.md, row 1: a name server that says nothing. The look-up ends within the
// time for connecting.
func TestFault1Silence(t *testing.T) {
	// Package net keeps the system's settings, and a channel that guards them,
	// which must not be made within the bubble.
	_, _ = zone{}.resolver().LookupHost(t.Context(), "before.example.")
	synctest.Test(t, func(t *testing.T) {
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, far) }()
			return near, nil
		}}
		for what, connect := range map[string]func(Options) error{
			"host":   func(o Options) error { _, err := Connect(t.Context(), o); return err },
			"domain": func(o Options) error { _, err := ConnectMX(t.Context(), "silent.example", o); return err },
		} {
			began := time.Now()
			err := connect(Options{Host: "silent.example.", Resolver: resolver, LocalName: "client.example", Timeouts: Timeouts{Connect: 3 * time.Second}})
			var fault *Error
			if !errors.As(err, &fault) || !fault.Temporary() || fault.Kind != KindDNS || time.Since(began) > 3*time.Second {
				t.Errorf("%s: %v after %s", what, err, time.Since(began))
			}
		}
		time.Sleep(time.Minute) // of the bubble: what the resolver still waits for has ended
	})
}

// FAULTS.md, row 2: a name with more addresses than anybody needs, and a domain
// with more mail servers. A message of the name server holds some thousands.
func TestFault2(t *testing.T) {
	records := map[string][]string{}
	for i := range 3_500 {
		records["many.example A"] = append(records["many.example A"], fmt.Sprintf("203.0.%d.%d", i/250, 1+i%250))
	}
	for i := range 1_500 {
		records["many.example AAAA"] = append(records["many.example AAAA"], fmt.Sprintf("2001:db8::%x", i+1))
	}
	for i := range 1000 {
		host := fmt.Sprintf("mx%d.example", i)
		records["thousand.example MX"] = append(records["thousand.example MX"], "10 "+host)
		records[host+" A"] = []string{fmt.Sprintf("203.0.113.%d", 1+i%250)}
		records["nowhere.example MX"] = append(records["nowhere.example MX"], fmt.Sprintf("10 no%d.example", i))
	}
	records["one.example MX"] = []string{"10 many.example"}
	names := serveNames(t, records)
	refusing := func(tried *[]string) func(context.Context, Target) (net.Conn, error) {
		return func(_ context.Context, target Target) (net.Conn, error) {
			*tried = append(*tried, target.Host)
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
	}
	t.Run("addresses of a host", func(t *testing.T) {
		found, err := Options{Resolver: names.resolver()}.lookUp(t.Context(), "many.example.")
		if err != nil || len(found) != 5_000 {
			t.Fatalf("%d addresses, %v", len(found), err)
		}
		left := alternating(found, maxAddresses)
		four := 0
		for _, address := range left {
			if address.Is4() {
				four++
			}
		}
		if len(left) != 5 || four < 2 || four > 3 {
			t.Errorf("%v", left)
		}
	})
	t.Run("addresses of a mail server", func(t *testing.T) {
		var tried []string
		_, err := ConnectMX(t.Context(), "one.example", Options{Resolver: names.resolver(), LocalName: "client.example", Dial: refusing(&tried)})
		if fault := wantFault(t, err, KindConnect); !fault.Temporary() || len(tried) != 5 {
			t.Errorf("%v after %q", err, tried)
		}
	})
	t.Run("mail servers", func(t *testing.T) {
		first := map[string]bool{}
		for range 8 {
			var tried []string
			_, err := ConnectMX(t.Context(), "thousand.example", Options{Resolver: names.resolver(), LocalName: "client.example", Dial: refusing(&tried)})
			if fault := wantFault(t, err, KindConnect); !fault.Temporary() || len(tried) != 5 {
				t.Fatalf("%v after %q", err, tried)
			}
			first[tried[0]] = true
		}
		// RFC 5321, section 5.1: those of one preference in random order. That
		// eight draws of a thousand agree happens once in 10^21 runs.
		if len(first) == 1 {
			t.Error("equal preferences are not shuffled")
		}
	})
	t.Run("mail servers without addresses", func(t *testing.T) {
		_, err := ConnectMX(t.Context(), "nowhere.example", Options{Resolver: names.resolver(), LocalName: "client.example"})
		wantFault(t, err, KindDNS)
		looked := 0
		for i := range 1000 {
			looked += min(1, names.times(fmt.Sprintf("no%d.example A", i)))
		}
		if looked != maxMXHosts {
			t.Errorf("%d names were looked up", looked)
		}
	})
	for _, test := range []struct{ name, says string }{{"sessions", "421 busy"}, {"sessions that end", ""}} {
		t.Run(test.name, func(t *testing.T) {
			sessions := 0
			options := Options{Resolver: names.resolver(), LocalName: "client.example", Dial: func(context.Context, Target) (net.Conn, error) {
				sessions++
				near, far := net.Pipe()
				go func() {
					defer far.Close()
					if test.says != "" {
						say(far, test.says)
					}
				}()
				return near, nil
			}}
			_, err := ConnectMX(t.Context(), "thousand.example", options)
			var fault *Error
			if !errors.As(err, &fault) || !fault.Temporary() || sessions != 2 {
				t.Errorf("%v after %d sessions", err, sessions)
			}
		})
	}
}

// FAULTS.md, row 3: a domain that takes no mail is not its own mail server, and
// not tried again (RFC 7505).
func TestFault3(t *testing.T) {
	names := serveNames(t, map[string][]string{
		"none.example MX": {"0 ."}, "none.example A": {"203.0.113.1"},
		"twice.example MX": {"0 .", "10 ."}, "twice.example A": {"203.0.113.1"},
	})
	for _, domain := range []string{"none.example", "twice.example"} {
		_, err := ConnectMX(t.Context(), domain, Options{Resolver: names.resolver(), LocalName: "client.example"})
		if fault := wantFault(t, err, KindDNS); !errors.Is(err, ErrNullMX) || fault.Temporary() || !strings.Contains(err.Error(), "5.1.10") {
			t.Errorf("%s: %v", domain, err)
		}
		if names.times(domain+" A") != 0 {
			t.Errorf("%s: its address was looked up", domain)
		}
	}
}

// FAULTS.md, row 4: mail is never delivered to the machine it comes from. An
// alias is followed, as all servers do (RFC 5321, section 5.1, forbids it to
// who writes the record), under the name of the record.
func TestFault4(t *testing.T) {
	records := map[string][]string{
		"loop.example MX": {"10 mx.loop.example"}, "mx.loop.example A": {"127.0.0.1", "0.0.0.0"}, "mx.loop.example AAAA": {"::1"},
		"own.example MX":    {"10 mx.own.example"},
		"second.example MX": {"10 mx.loop.example", "20 mx.good.example"}, "mx.good.example A": {"203.0.113.1"},
		"alias.example MX": {"10 www.alias.example"}, "www.alias.example CNAME": {"mx.good.example"},
		"aliasloop.example MX": {"10 me.example"}, "me.example CNAME": {"mx.loop.example"},
	}
	for address := range ownAddresses() {
		switch {
		case address.Is4():
			records["mx.own.example A"] = append(records["mx.own.example A"], address.String())
		case address.Zone() == "":
			records["mx.own.example AAAA"] = append(records["mx.own.example AAAA"], address.String())
		}
	}
	names := serveNames(t, records)
	for domain, want := range map[string]string{
		"loop.example": "", "own.example": "", "aliasloop.example": "", "second.example": "mx.good.example", "alias.example": "www.alias.example",
	} {
		var tried []string
		_, err := ConnectMX(t.Context(), domain, Options{Resolver: names.resolver(), LocalName: "client.example", Dial: func(_ context.Context, target Target) (net.Conn, error) {
			tried = append(tried, target.Host)
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}})
		if want == "" {
			if fault := wantFault(t, err, KindDNS); !errors.Is(err, ErrOwnAddress) || fault.Temporary() || len(tried) > 0 {
				t.Errorf("%s: %v, tried %q", domain, err, tried)
			}
		} else if wantFault(t, err, KindConnect); strings.Join(tried, " ") != want {
			t.Errorf("%s: tried %q, want %s", domain, tried, want)
		}
	}
}
