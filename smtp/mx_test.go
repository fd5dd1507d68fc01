package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is what a name server knows: "example.org MX" to "10 mx.example.org", or
// "mx.example.org A" to addresses. A name that has nothing does not exist.
type zone map[string][]string

// resolver asks the zone.
func (z zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go z.serve(far)
		return near, nil
	}}
}

// serve answers as over TCP (RFC 1035, section 4.2.2), which is what the
// resolver speaks over a pipe.
func (z zone) serve(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil || n <= 2 {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[2:n]) != nil {
			return
		}
		z.answer(&m)
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...)); err != nil {
			return
		}
	}
}

func (z zone) answer(m *dnsmessage.Message) {
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	q := m.Questions[0]
	name := strings.TrimSuffix(q.Name.String(), ".")
	m.RCode = dnsmessage.RCodeNameError
	for key := range z {
		if known, _, _ := strings.Cut(key, " "); known == name {
			m.RCode = dnsmessage.RCodeSuccess
		}
	}
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
	add := func(body dnsmessage.ResourceBody) {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: body})
	}
	for _, value := range z[name+" "+strings.TrimPrefix(q.Type.String(), "Type")] {
		switch q.Type {
		case dnsmessage.TypeMX:
			var pref uint16
			var host string
			_, _ = fmt.Sscan(value, &pref, &host)
			add(&dnsmessage.MXResource{Pref: pref, MX: dnsmessage.MustNewName(strings.TrimSuffix(host, ".") + ".")})
		case dnsmessage.TypeA:
			var body dnsmessage.AResource
			copy(body.A[:], net.ParseIP(value).To4())
			add(&body)
		}
		if value == "servfail" {
			m.RCode, m.Answers = dnsmessage.RCodeServerFailure, nil
		}
	}
}

// FAULTS.md, rows 2, 3, 4, 6, 15 and 16, and the ways in between.
func TestMX(t *testing.T) {
	many := zone{}
	for i := range 1000 {
		host := fmt.Sprintf("mx%d.example.org", i)
		many["example.org MX"] = append(many["example.org MX"], fmt.Sprintf("10 %s", host))
		many[host+" A"] = []string{fmt.Sprintf("203.0.113.%d", 1+i%250)}
	}
	for _, test := range []struct {
		name   string
		zone   zone
		says   map[string]string // greeting by host; "" refuses the connection
		want   string            // host, or part of the error
		kind   Kind              // of the error
		tried  []string
		number int // how many were tried, where which is chance
	}{
		{name: "most preferred", zone: zone{"example.org MX": {"20 b.example.org", "10 a.example.org"}, "a.example.org A": {"203.0.113.1"}, "b.example.org A": {"203.0.113.2"}},
			says: map[string]string{"a.example.org": "220 a", "b.example.org": "220 b"}, want: "a.example.org", tried: []string{"a.example.org"}},
		{name: "first refuses", zone: zone{"example.org MX": {"20 b.example.org", "10 a.example.org"}, "a.example.org A": {"203.0.113.1"}, "b.example.org A": {"203.0.113.2"}},
			says: map[string]string{"a.example.org": "", "b.example.org": "220 b"}, want: "b.example.org", tried: []string{"a.example.org", "b.example.org"}},
		{name: "row 15: first says 421", zone: zone{"example.org MX": {"20 b.example.org", "10 a.example.org"}, "a.example.org A": {"203.0.113.1"}, "b.example.org A": {"203.0.113.2"}},
			says: map[string]string{"a.example.org": "421 busy", "b.example.org": "220 b"}, want: "b.example.org", tried: []string{"a.example.org", "b.example.org"}},
		{name: "row 16: all say 554", zone: zone{"example.org MX": {"20 b.example.org", "10 a.example.org"}, "a.example.org A": {"203.0.113.1"}, "b.example.org A": {"203.0.113.2"}},
			says: map[string]string{"a.example.org": "554 no", "b.example.org": "554 go away"}, want: "554 go away", kind: KindGreeting, tried: []string{"a.example.org", "b.example.org"}},
		{name: "row 6: nobody answers", zone: zone{"example.org MX": {"10 a.example.org"}, "a.example.org A": {"203.0.113.1", "203.0.113.2"}},
			says: map[string]string{"a.example.org": ""}, want: "refused", kind: KindConnect, tried: []string{"a.example.org", "a.example.org"}},
		{name: "first has no address", zone: zone{"example.org MX": {"10 a.example.org", "20 b.example.org"}, "b.example.org A": {"203.0.113.2"}},
			says: map[string]string{"b.example.org": "220 b"}, want: "b.example.org", tried: []string{"b.example.org"}},
		{name: "no MX", zone: zone{"example.org A": {"203.0.113.1"}}, says: map[string]string{"example.org": "220 a"}, want: "example.org", tried: []string{"example.org"}},
		{name: "row 1: no such domain", zone: zone{}, want: "no such host", kind: KindDNS},
		{name: "row 1: broken name server", zone: zone{"example.org MX": {"servfail"}}, want: "server misbehaving", kind: KindDNS},
		{name: "row 3: null MX", zone: zone{"example.org MX": {"0 ."}, "example.org A": {"203.0.113.1"}}, want: "takes no mail", kind: KindDNS},
		{name: "row 4: loopback", zone: zone{"example.org MX": {"10 a.example.org"}, "a.example.org A": {"127.0.0.1", "0.0.0.0"}}, want: "this machine", kind: KindDNS},
		{name: "row 2: a thousand", zone: many, want: "refused", kind: KindConnect, number: maxAddresses},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tried []string
			options := Options{Resolver: test.zone.resolver(), LocalName: "client.example", Dial: func(_ context.Context, target Target) (net.Conn, error) {
				tried = append(tried, target.Host)
				if target.Port != PortSMTP || target.TLS != TLSOpportunistic {
					t.Errorf("dialled %+v", target)
				}
				says := test.says[target.Host]
				if says == "" {
					return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
				}
				near, far := net.Pipe()
				go func() {
					defer far.Close()
					r := bufio.NewReader(far)
					say(far, says)
					if _, err := r.ReadString('\n'); err == nil {
						say(far, "250 mx")
					}
					forever(r)
				}()
				return near, nil
			}}
			s, err := ConnectMX(t.Context(), "example.org", options)
			if test.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if s.Target().Host != test.want {
					t.Errorf("connected to %s, want %s", s.Target().Host, test.want)
				}
			} else if fault := wantFault(t, err, test.kind); !strings.Contains(fault.Error(), test.want) {
				t.Errorf("%v, want %s", fault, test.want)
			}
			if test.number > 0 && len(tried) != test.number || test.number == 0 && !slices.Equal(tried, test.tried) {
				t.Errorf("tried %q", tried)
			}
		})
	}
}
