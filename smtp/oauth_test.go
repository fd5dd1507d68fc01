package smtp

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
)

// FAULTS.md, row 42: the server explains in JSON why it refuses a token. The
// client says nothing to that, hears the 535, and may try another token on the
// same connection. None is in the transcript, whatever the server repeats.
func TestFault42(t *testing.T) {
	long := strings.Repeat(canary, 100) // longer than AUTH's own line may be
	for _, test := range []struct {
		mechanism, first, second string
		answer                   string // to the explanation
		echoes                   bool   // the explanation holds the token
	}{
		{"XOAUTH2", canary, canary + "-2", "", false},
		{"XOAUTH2", canary, canary + "-2", "", true},
		{"OAUTHBEARER", canary, canary + "-2", "AQ==", false},
		{"OAUTHBEARER", canary, canary + "-2", "AQ==", true},
		{"XOAUTH2", long, long + "-2", "", false},
		{"OAUTHBEARER", long, long + "-2", "AQ==", false},
	} {
		t.Run(fmt.Sprintf("%s of %d octets", test.mechanism, len(test.first)), func(t *testing.T) {
			encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
			options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
				// credentials reads AUTH with its response, which may come alone.
				credentials := func(token string) {
					t.Helper()
					response := encode("user=ann\x01auth=Bearer " + token + "\x01\x01")
					if test.mechanism == "OAUTHBEARER" {
						response = encode("n,a=ann,\x01host=mx.example\x01port=25\x01auth=Bearer " + token + "\x01\x01")
					}
					if len(token) < 200 {
						expect(t, r, "AUTH "+test.mechanism+" "+response)
						return
					}
					expect(t, r, "AUTH "+test.mechanism)
					say(conn, "334 ")
					expect(t, r, response)
				}
				say(conn, "220 mx")
				expect(t, r, "EHLO client.example")
				say(conn, "250-mx", "250 AUTH "+test.mechanism)
				credentials(test.first)
				scope := "https://mail.google.com/"
				if test.echoes {
					scope = test.first
				}
				say(conn, "334 "+encode(`{"status":"401","schemes":"bearer","scope":"`+scope+`"}`))
				expect(t, r, test.answer)
				say(conn, "535-5.7.8 "+test.first, "535 5.7.8 "+encode("x"+test.first))
				credentials(test.second)
				say(conn, "235 welcome")
				forever(r)
			})
			s, err := Connect(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Auth(t.Context(), Credentials{Username: "ann", Token: NewSecret(test.first), InClear: true})
			fault := wantFault(t, err, KindAuth)
			if fault.Reply.Code != 535 || fault.Temporary() || !test.echoes && !strings.Contains(err.Error(), `the server says of the token: "401"`) {
				t.Errorf("%v", err)
			}
			wantNoCanary(t, "the refusal", fmt.Sprintf("%v %+v", err, *fault.Reply))
			if s.Usable() != nil {
				t.Fatal("a refused token broke the session")
			}
			if reply, err := s.Auth(t.Context(), Credentials{Username: "ann", Token: NewSecret(test.second), InClear: true}); err != nil || reply.Code != 235 {
				t.Errorf("%v, %v", reply, err)
			}
			for _, entry := range s.Transcript() {
				wantNoCanary(t, "the transcript", entry.String())
			}
		})
	}
}

// FAULTS.md, row 42: a server that asks for more than its explanation is worth
// gets no token again.
func TestFault42Endless(t *testing.T) {
	options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 AUTH XOAUTH2")
		_, _ = r.ReadString('\n')
		say(conn, "334 e30=")
		expect(t, r, "")
		say(conn, "334 e30=")
		expect(t, r, "*")
		say(conn, "501 cancelled")
		forever(r)
	})
	s, err := Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Auth(t.Context(), Credentials{Username: "ann", Token: NewSecret(canary), InClear: true})
	wantFault(t, err, KindProtocol)
	if s.Usable() == nil {
		t.Error("the connection would be used again")
	}
}

func TestRefreshForm(t *testing.T) {
	for _, test := range []struct {
		secret Secret
		scope  string
		want   string
	}{
		{Secret{}, "", "client_id=a%26b&grant_type=refresh_token&refresh_token=1%2F%2Fx"},
		{NewSecret("s=+ü"), "mail offline", "client_id=a%26b&client_secret=s%3D%2B%C3%BC&grant_type=refresh_token&refresh_token=1%2F%2Fx&scope=mail+offline"},
	} {
		if got := string(RefreshForm("a&b", test.secret, NewSecret("1//x"), test.scope)); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}

func TestRedact(t *testing.T) {
	secret := "Tok+en/0451 x"
	for _, text := range []string{
		secret, url.QueryEscape(secret), fmt.Sprintf("%x", secret), base64.StdEncoding.EncodeToString([]byte("ab" + secret)),
	} {
		got := Redact("before "+text+" behind", NewSecret("other"), Secret{}, NewSecret(secret))
		if !strings.Contains(got, secretMark) || strings.Contains(got, text) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " behind") {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestSecretEqual(t *testing.T) {
	for _, test := range []struct {
		a, b Secret
		want bool
	}{
		{NewSecret("x"), NewSecret("x"), true}, {NewSecret("x"), NewSecret("y"), false}, {NewSecret("x"), NewSecret("xx"), false},
		{Secret{}, Secret{}, true}, {Secret{}, NewSecret(""), false},
	} {
		if test.a.Equal(test.b) != test.want {
			t.Errorf("%v", test)
		}
	}
}
