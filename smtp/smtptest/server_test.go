package smtptest_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// send is what Go's own client does, as far as it gets.
func send(t *testing.T, server *Running, to ...string) error {
	t.Helper()
	client, err := netsmtp.Dial(server.Address)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Hello("client.example"); err != nil {
		return err
	}
	if offered, _ := client.Extension("STARTTLS"); offered {
		if err := client.StartTLS(&tls.Config{ServerName: "mx.example", RootCAs: server.Identity.Roots}); err != nil {
			return err
		}
	}
	if err := client.Mail("a@x.example"); err != nil {
		return err
	}
	for _, address := range to {
		if err := client.Rcpt(address); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "Subject: x\r\n\r\n.hello\r\n"); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

func Example() {
	server := Server{Rules: []Rule{
		{At: Rcpt, Call: 2, Do: Act{Reply: Reply{Code: 450, Enhanced: "4.2.1", Lines: []string{"later"}}}},
	}}
	ours, theirs := net.Pipe()
	done := make(chan Connection)
	go func() { done <- server.Serve(theirs) }()
	client := textproto.NewConn(ours)
	greeting, _ := client.ReadLine()
	fmt.Println(greeting)
	for _, line := range []string{"HELO client.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>", "RCPT TO:<c@y.example>", "QUIT"} {
		_ = client.PrintfLine("%s", line)
		reply, _ := client.ReadLine()
		fmt.Println(reply)
	}
	client.Close()
	seen := <-done
	fmt.Println(seen.Verbs(), seen.Ended)
	// Output:
	// 220 mx.example ESMTP
	// 250 mx.example
	// 250 2.1.0 ok
	// 250 2.1.5 ok
	// 450 4.2.1 later
	// 221 2.0.0 bye
	// [HELO MAIL RCPT RCPT QUIT] QUIT
}

// TestGood is a server without rules, against Go's client, in clear and with
// STARTTLS.
func TestGood(t *testing.T) {
	for _, mode := range []TLSMode{TLSOff, TLSStart} {
		server := Server{TLS: mode}.Start(t)
		if err := send(t, server, "b@y.example", "c@y.example"); err != nil {
			t.Fatal(err)
		}
		seen := server.Connection(0)
		want := Received{
			From: "a@x.example", To: []string{"b@y.example", "c@y.example"}, Transfer: "DATA", Complete: true,
			Turn: 7 + 2*map[TLSMode]int{TLSStart: 1}[mode], // behind greeting, EHLO, MAIL, RCPT, RCPT, DATA
			Raw:  []byte("Subject: x\r\n\r\n..hello\r\n.\r\n"),
			Text: []byte("Subject: x\r\n\r\n.hello\r\n"), Replies: []Reply{{Code: 250, Enhanced: "2.0.0", Lines: []string{"taken"}}},
		}
		if diff := cmp.Diff([]Received{want}, seen.Messages); diff != "" {
			t.Errorf("%s (-want +got)\n%s", mode, diff)
		}
		if seen.Secure != (mode == TLSStart) || seen.Ended != ByQuit || seen.Fired != 0 {
			t.Errorf("%s: secure %v, ended by %s, %d rules", mode, seen.Secure, seen.Ended, seen.Fired)
		}
	}
}

// TestReplies are rules that Go's client shows as errors.
func TestReplies(t *testing.T) {
	for _, test := range []struct {
		rule Rule
		want string
	}{
		{Rule{At: Greeting, Do: Act{Reply: Reply{Code: 554, Enhanced: "5.3.2"}}}, "5.3.2 no"},
		{Rule{At: Mail, Do: Act{Reply: Reply{Code: 451, Lines: []string{"a", "b"}}}}, "451"},
		{Rule{At: Rcpt, Call: 2, Do: Act{Reply: Reply{Code: 550, Enhanced: "5.1.1"}}}, "5.1.1 no"},
		{Rule{At: Data, Do: Act{Mute: true, Then: Close}}, "EOF"},
		{Rule{At: Data, Do: Act{Raw: "what\r\n"}}, `"what"`},
		{Rule{At: Message, Do: Act{Raw: "25", Then: Drop}}, `"25"`},
		{Rule{At: Message, Do: Act{Mute: true, Then: Reset}}, "reset by peer"},
		{Rule{At: Message, Do: Act{Mute: true, Then: HalfClose}}, "EOF"},
		{Rule{At: Ehlo, Do: Act{Octets: true}}, ""},
		{Rule{At: Mail, Do: Act{Cut: 3}}, ""},
	} {
		server := Server{Rules: []Rule{test.rule}}.Start(t)
		err := send(t, server, "b@y.example", "c@y.example")
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%v: %v, want %q", test.rule, err, test.want)
		}
		if seen := server.Connection(0); seen.Fired != 1 {
			t.Errorf("%v applied %d times", test.rule, seen.Fired)
		}
	}
}

// talk is one connection by hand: octets are written, and all is read.
func talk(t *testing.T, server Server, text string) (string, Connection) {
	t.Helper()
	running := server.Start(t)
	conn, err := net.Dial("tcp", running.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(bufio.NewReader(conn))
	conn.Close()
	return string(got), running.Connection(0)
}

const opening = "EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"

// TestChunks is RFC 3030: octets are counted, and those of a refused chunk are
// not taken for commands.
func TestChunks(t *testing.T) {
	text := "BDAT 7\r\nab\r\n.\r\nBDAT 4 LAST\r\nQUITRSET\r\nBDAT 6\r\nRSET\r\nQUIT\r\n"
	_, seen := talk(t, Server{}, opening+text)
	if diff := cmp.Diff([]string{"EHLO", "MAIL", "RCPT", "BDAT", "BDAT", "RSET", "BDAT", "QUIT"}, seen.Verbs()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	m := seen.Messages[0]
	if string(m.Text) != "ab\r\n.\r\nQUIT" || !m.Accepted() || fmt.Sprint(m.Chunks) != "[7 4]" {
		t.Errorf("%+v", m)
	}
	if code := seen.Commands[6].Replies[0].Code; code != 503 {
		t.Errorf("a chunk without a transaction was answered with %d", code)
	}
}

// TestEarly speaks within a message, and only then.
func TestEarly(t *testing.T) {
	rule := Rule{At: Text, Do: Act{After: 3, Reply: Reply{Code: 552, Enhanced: "5.3.4"}}}
	for _, text := range []string{"DATA\r\nabcdef\r\n.\r\nQUIT\r\n", "BDAT 6 LAST\r\nabcdefQUIT\r\n"} {
		got, seen := talk(t, Server{Rules: []Rule{rule}}, opening+text)
		if strings.Count(got, "552 5.3.4 no\r\n") != 1 || strings.Contains(got, "taken") {
			t.Errorf("said %q", got)
		}
		m := seen.Messages[0]
		if !m.Complete || m.Accepted() || !m.Refused() || m.MayHave("b@y") {
			t.Errorf("%+v", m)
		}
		if len(seen.AfterRule) == 0 || !strings.HasSuffix(string(seen.Above), string(seen.AfterRule)) || seen.AfterRule[0] != 'd' {
			t.Errorf("after the rule: %q", seen.AfterRule)
		}
	}
}

// TestShape are surplus, joined and endless replies.
func TestShape(t *testing.T) {
	got, seen := talk(t, Server{Rules: []Rule{
		{At: Mail, Do: Act{Hold: true}}, {At: Rcpt, Do: Act{Mute: true}}, {At: Rset, Do: Act{Surplus: "250 more\r\n"}},
	}}, opening+"RSET\r\nQUIT\r\n")
	if _, rest, _ := strings.Cut(got, "SMTPUTF8\r\n"); rest != "250 2.1.0 ok\r\n250 2.0.0 ok\r\n250 more\r\n221 2.0.0 bye\r\n" {
		t.Errorf("said %q", rest)
	}
	if seen.Ahead == 0 {
		t.Error("nothing was seen to be sent ahead")
	}
	running := Server{Rules: []Rule{{At: Greeting, Do: Act{Raw: "220-x\r\n", Endless: true}}}}.Start(t)
	conn, err := net.Dial("tcp", running.Address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
		t.Error(err)
	}
	conn.Close()
	running.Connection(0) // returns, because the server has noticed
}

// TestLimits is RFC 9422, SIZE and LMTP.
func TestLimits(t *testing.T) {
	server := Server{Capabilities: []string{"LIMITS RCPTMAX=1 MAILMAX=1", "SIZE 10"}}
	_, seen := talk(t, server, "EHLO c\r\nMAIL FROM:<a@x> SIZE=11\r\n"+opening[8:]+"RCPT TO:<c@y>\r\nRSET\r\nMAIL FROM:<>\r\n")
	codes := []int{}
	for _, command := range seen.Commands {
		codes = append(codes, command.Replies[0].Code)
	}
	if diff := cmp.Diff([]int{250, 552, 250, 250, 452, 250, 452}, codes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got, seen := talk(t, Server{Protocol: LMTP, Rules: []Rule{{At: Message, Call: 2, Do: Act{Reply: Reply{Code: 450}}}}},
		"L"+strings.Replace(opening[1:], "RCPT", "RCPT TO:<c@y>\r\nRCPT", 1)+"DATA\r\n.\r\n")
	if m := seen.Messages; len(m) != 1 || !m[0].MayHave("c@y") || m[0].MayHave("b@y") {
		t.Errorf("said %q, saw %+v", got, m)
	}
}
