package smtp

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
)

const canary = "tr0ub4dor&3-canary"

// canaryForms are the ways a password shows: raw, hexadecimal, and base64 at
// each of its three positions, without the characters its neighbours change.
func canaryForms() []string {
	forms := []string{canary, hex.EncodeToString([]byte(canary))}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte("xyz"[:shift] + canary))
		forms = append(forms, encoded[2:len(encoded)-4])
	}
	return forms
}

func wantNoCanary(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range canaryForms() {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			t.Errorf("%s shows the password as %q:\n%s", where, form, text)
		}
	}
}

// TestPasswordStaysHidden plays servers that echo what they were told in every
// form, with each mechanism, and looks for it wherever a session shows text.
func TestPasswordStaysHidden(t *testing.T) {
	echoes := []string{canary, "x" + canary + "x", hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte("y" + canary)))}
	for _, before := range []string{"", "a", "ab", "\x00ann\x00"} {
		for _, after := range []string{"", "z", "zz"} {
			echoes = append(echoes, base64.StdEncoding.EncodeToString([]byte(before+canary+after)), base64.URLEncoding.EncodeToString([]byte(before+canary+after)))
		}
	}
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		for _, echo := range echoes {
			options := overPipe(t, func(conn net.Conn, r *bufio.Reader) {
				say(conn, "220 mx")
				expect(t, r, "EHLO client.example")
				say(conn, "250-mx", "250 AUTH "+mechanism)
				_, _ = r.ReadString('\n')
				if mechanism == "LOGIN" {
					say(conn, "334 VXNlcm5hbWU6")
					_, _ = r.ReadString('\n')
					say(conn, "334 UGFzc3dvcmQ6")
					_, _ = r.ReadString('\n')
				}
				say(conn, "535-5.7.8 you said "+echo, "535 5.7.8 "+echo)
				for {
					if _, err := r.ReadString('\n'); err != nil {
						return
					}
					say(conn, "250 "+echo)
				}
			})
			var traced strings.Builder
			options.Trace = func(e Entry) { fmt.Fprintln(&traced, e) }
			s, err := Connect(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			credentials := Credentials{Username: "ann", Password: NewSecret(canary), InClear: true}
			_, err = s.Auth(t.Context(), credentials)
			wantFault(t, err, KindAuth)
			reply, err2 := s.Command(t.Context(), "NOOP "+canary)
			if err2 != nil {
				t.Fatal(err2)
			}
			_, err3 := s.Command(t.Context(), "NOOP "+canary+"\n")
			s.Close()
			encoded, _ := json.Marshal(credentials)
			for where, text := range map[string]string{
				"error": err.Error(), "later error": err3.Error(), "error, %+v": fmt.Sprintf("%+v", err), "reply": fmt.Sprintf("%+v", reply),
				"transcript": fmt.Sprint(s.Transcript()), "trace": traced.String(), "credentials": fmt.Sprintf("%v %+v %#v %x %q", credentials, credentials, credentials, credentials.Password, credentials.Password),
				"json": string(encoded),
			} {
				wantNoCanary(t, mechanism+", "+where, text)
			}
		}
	}
}

// TestNoCredentialsInClear refuses to log in without encryption, before any
// octet is sent.
func TestNoCredentialsInClear(t *testing.T) {
	s, err := Connect(t.Context(), overPipe(t, func(conn net.Conn, r *bufio.Reader) {
		say(conn, "220 mx")
		expect(t, r, "EHLO client.example")
		say(conn, "250-mx", "250 AUTH PLAIN LOGIN")
		if line, err := r.ReadString('\n'); err == nil {
			t.Errorf("the client said %q", line)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Auth(t.Context(), Credentials{Username: "ann", Password: NewSecret(canary)})
	wantFault(t, err, KindAuth)
	s.Close()
}
