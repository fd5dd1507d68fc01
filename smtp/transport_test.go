package smtp

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

// serveEach hands each connection of a listener on the loopback to serve.
func serveEach(t *testing.T, serve func(conn net.Conn, r *bufio.Reader)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn, bufio.NewReader(conn))
			}()
		}
	}()
	return listener.Addr().String()
}

func smtpServer(conn net.Conn, r *bufio.Reader) {
	say(conn, "220 mx")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		say(conn, "250 "+strings.ToLower(strings.TrimSpace(line)))
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no unix sockets here:", err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			smtpServer(conn, bufio.NewReader(conn))
		}
	}()
	s, err := Connect(t.Context(), Options{Socket: path, Protocol: LMTP, LocalName: "client.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = Connect(t.Context(), Options{Socket: path + "x"})
	wantFault(t, err, KindConnect)
}

// socksServer is a SOCKS5 proxy (RFC 1928, RFC 1929) that connects to one place,
// whatever it is asked for.
func socksServer(t *testing.T, user, password, to string, asked *string, code byte) string {
	return serveEach(t, func(conn net.Conn, r *bufio.Reader) {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		methods := make([]byte, head[1])
		_, _ = io.ReadFull(r, methods)
		if user == "" {
			_, _ = conn.Write([]byte{5, 0})
		} else {
			_, _ = conn.Write([]byte{5, 2})
			_, _ = io.ReadFull(r, head)
			name := make([]byte, head[1])
			_, _ = io.ReadFull(r, name)
			size, _ := r.ReadByte()
			secret := make([]byte, size)
			_, _ = io.ReadFull(r, secret)
			if string(name) != user || string(secret) != password {
				_, _ = conn.Write([]byte{1, 1})
				return
			}
			_, _ = conn.Write([]byte{1, 0})
		}
		request := make([]byte, 5)
		_, _ = io.ReadFull(r, request)
		host := make([]byte, request[4])
		_, _ = io.ReadFull(r, host)
		port := make([]byte, 2)
		_, _ = io.ReadFull(r, port)
		*asked = fmt.Sprintf("%s:%d", host, int(port[0])<<8|int(port[1]))
		_, _ = conn.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
		if code == 0 {
			relay(conn, r, to)
		}
	})
}

func relay(conn net.Conn, r io.Reader, to string) {
	target, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer target.Close()
	go func() { _, _ = io.Copy(target, r) }()
	_, _ = io.Copy(conn, target)
}

// httpProxy answers CONNECT with a status.
func httpProxy(t *testing.T, status, authorization, to string, asked *string) string {
	return serveEach(t, func(conn net.Conn, r *bufio.Reader) {
		line, _ := r.ReadString('\n')
		*asked = strings.TrimSuffix(strings.TrimPrefix(line, "CONNECT "), " HTTP/1.1\r\n")
		allowed := authorization == ""
		for line != "\r\n" && line != "" {
			line, _ = r.ReadString('\n')
			allowed = allowed || line == "Proxy-Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(authorization))+"\r\n"
		}
		if !allowed {
			status = "HTTP/1.1 407 Proxy Authentication Required"
		}
		// The greeting comes in the packet of the answer: none of it may get lost.
		if strings.HasPrefix(status, "HTTP/1.1 2") {
			_, _ = io.WriteString(conn, status+"\r\nVia: x\r\n\r\n")
			relay(conn, r, to)
			return
		}
		_, _ = io.WriteString(conn, status+"\r\n\r\n")
	})
}

func TestProxies(t *testing.T) {
	server := serveEach(t, smtpServer)
	var asked string
	for _, test := range []struct {
		name, proxy, want string // want: of the error
	}{
		{"socks", "socks5://" + socksServer(t, "", "", server, &asked, 0), ""},
		{"socks, log-in", "socks5h://ann:secret@" + socksServer(t, "ann", "secret", server, &asked, 0), ""},
		{"socks, wrong password", "socks5://ann:wrong@" + socksServer(t, "ann", "secret", server, &asked, 0), "authentication failed"},
		{"socks, refused", "socks5://" + socksServer(t, "", "", server, &asked, 5), "connection refused"},
		{"socks, not allowed", "socks5://" + socksServer(t, "", "", server, &asked, 2), "not allowed by ruleset"},
		{"http", "http://" + httpProxy(t, "HTTP/1.1 200 Connection established", "", server, &asked), ""},
		{"http, log-in", "http://ann:se%40cret@" + httpProxy(t, "HTTP/1.1 200 ok", "ann:se@cret", server, &asked), ""},
		{"http, no log-in", "http://" + httpProxy(t, "HTTP/1.1 200 ok", "ann:secret", server, &asked), "407 Proxy Authentication Required"},
		{"http, forbidden", "http://" + httpProxy(t, "HTTP/1.1 403 Forbidden\x1b[31m", "", server, &asked), "it refuses: 403 Forbidden"},
		{"no proxy", "http://" + serveEach(t, func(conn net.Conn, r *bufio.Reader) { say(conn, "220 mx", ""); forever(r) }), "it does not speak HTTP"},
		{"hangs up", "socks5://" + serveEach(t, func(net.Conn, *bufio.Reader) {}), "proxy 127.0.0.1:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked = ""
			through, err := ParseProxy(test.proxy)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Connect(t.Context(), Options{Host: "mx.example", Port: 2525, TLS: TLSOff, Proxy: through, LocalName: "client.example"})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				s.Close()
				if asked != "mx.example:2525" {
					t.Errorf("the proxy was asked for %q", asked)
				}
				return
			}
			fault := wantFault(t, err, KindConnect)
			if !strings.Contains(fault.Error(), test.want) || strings.Contains(fault.Error(), "wrong") || strings.Contains(fault.Error(), "\x1b") {
				t.Errorf("%v, want %s", fault, test.want)
			}
		})
	}
}

// FAULTS.md, row 83: a proxy, or a host given to one, that is none.
func TestFault83(t *testing.T) {
	for _, text := range []string{
		"", "proxy.example:1080", "ftp://x:1", "http://", "socks5://a b:1", "http://x:99999", "socks5://x:1/path", "http://x?y", "http://u:p@x:0",
		"socks5://" + strings.Repeat("u", 256) + ":p@x:1", "http://x\r\nHost: y:1", "http://u%3Av:p@x:1",
	} {
		if p, err := ParseProxy(text); err == nil {
			t.Errorf("%q is taken for a proxy: %+v", text, p)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: the error shows the password: %v", text, err)
		}
	}
	for _, host := range []string{"mx\r\nX: y", "mx y", "mx\x00", "m@x", "mx/x"} {
		through := Proxy{Kind: HTTPConnect, Address: "127.0.0.1:1"}
		_, err := Connect(t.Context(), Options{Host: host, Port: 25, Proxy: through})
		wantFault(t, err, KindArgument)
	}
}

func TestProxyHeader(t *testing.T) {
	four := ProxyHeader{Source: netip.MustParseAddrPort("192.0.2.1:1025"), Destination: netip.MustParseAddrPort("192.0.2.2:25")}
	six := ProxyHeader{Source: netip.MustParseAddrPort("[2001:db8::1]:1025"), Destination: netip.MustParseAddrPort("[2001:db8::2]:25")}
	for _, test := range []struct {
		header  ProxyHeader
		version int
		want    string // version 2 in hexadecimal, behind the signature
	}{
		{four, 1, "PROXY TCP4 192.0.2.1 192.0.2.2 1025 25\r\n"},
		{six, 1, "PROXY TCP6 2001:db8::1 2001:db8::2 1025 25\r\n"},
		{ProxyHeader{}, 1, "PROXY UNKNOWN\r\n"},
		{four, 2, "2111000cc0000201c000020204010019"},
		{six, 2, "2121002420010db800000000000000000000000120010db800000000000000000000000204010019"},
		{ProxyHeader{}, 2, "20000000"},
	} {
		test.header.Version = test.version
		want := test.want
		if test.version == 2 {
			want = v2Signature + unhex(t, want)
		}
		got := make(chan string, 1)
		options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
			head := make([]byte, len(want))
			_, _ = io.ReadFull(r, head)
			got <- string(head)
			smtpServer(conn, r)
		})
		options.ProxyHeader = test.header
		s, err := Connect(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if head := <-got; head != want {
			t.Errorf("%+v: %q, want %q", test.header, head, want)
		}
	}
	for _, bad := range []ProxyHeader{{Version: 3}, {Version: 1, Source: four.Source}, {Version: 2, Source: four.Source, Destination: six.Source}} {
		_, err := Connect(t.Context(), Options{Host: "mx.example", ProxyHeader: bad})
		wantFault(t, err, KindArgument)
	}
}

func unhex(t *testing.T, text string) string {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestXClient(t *testing.T) {
	options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250-PIPELINING", "250 XCLIENT NAME ADDR HELO")
		expect(t, r, "XCLIENT ADDR=192.0.2.9 NAME=a+20b+3D")
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250 mx")
		forever(r)
	})
	s, err := Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.XClient(t.Context(), [][2]string{{"LOGIN", "x"}}); err == nil {
		t.Error("an attribute that is not offered is sent")
	}
	if _, err := s.XClient(t.Context(), [][2]string{{"addr", "192.0.2.9"}, {"name", "a b="}}); err != nil {
		t.Error(err)
	}
	if s.Capabilities().Has("PIPELINING") {
		t.Error("what was offered to somebody else is still believed")
	}
	_, err = s.XClient(context.Background(), [][2]string{{"ADDR", "x"}})
	wantFault(t, err, KindRefused)
}
