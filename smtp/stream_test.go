package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/smtp/smtptest"
	"go.uber.org/goleak"
)

// streamServer is a server, and how a stream is carried over to it.
type streamServer struct {
	name     string
	server   smtptest.Server
	options  StreamOptions
	transfer string // how messages should arrive
	ahead    bool   // commands ahead of replies are expected
	tcp      bool   // else over a pipe, whose writes wait to be read
}

func streamServers() []streamServer {
	without := func(words ...string) []string {
		var left []string
		for _, c := range smtptest.DefaultCapabilities() {
			if !strings.Contains(" "+strings.Join(words, " ")+" ", " "+c+" ") {
				left = append(left, c)
			}
		}
		return left
	}
	return []streamServer{
		{"one by one", smtptest.Server{Capabilities: without("PIPELINING", "CHUNKING", "BINARYMIME")}, StreamOptions{}, "DATA", false, false},
		{"in turns", smtptest.Server{Capabilities: without("CHUNKING", "BINARYMIME")}, StreamOptions{}, "DATA", true, false},
		{"in turns, asked for", smtptest.Server{}, StreamOptions{Transfer: TransferData}, "DATA", true, false},
		{"back to back", smtptest.Server{}, StreamOptions{}, "BDAT", true, false},
		{"back to back, 8", smtptest.Server{}, StreamOptions{Messages: 8}, "BDAT", true, false},
		{"back to back, 1", smtptest.Server{}, StreamOptions{Messages: 1}, "BDAT", true, false},
		{"LMTP", smtptest.Server{Protocol: smtptest.LMTP}, StreamOptions{}, "BDAT", true, false},
		{"in turns, TCP", smtptest.Server{}, StreamOptions{Transfer: TransferData}, "DATA", true, true},
		{"in turns, TLS", smtptest.Server{TLS: smtptest.TLSImplicit}, StreamOptions{Transfer: TransferData}, "DATA", true, true},
		{"back to back, TCP", smtptest.Server{}, StreamOptions{}, "BDAT", true, true},
		{"back to back, TLS", smtptest.Server{TLS: smtptest.TLSImplicit}, StreamOptions{}, "BDAT", true, true},
		{"LMTP in turns", smtptest.Server{Protocol: smtptest.LMTP}, StreamOptions{Transfer: TransferData}, "DATA", true, false},
	}
}

// connect connects to the server; the record comes once the session is closed.
func (kind streamServer) connect(t testing.TB, server smtptest.Server) (*Session, func() smtptest.Connection) {
	t.Helper()
	if !kind.tcp {
		return streamTo(t, server)
	}
	running := server.Start(t)
	s, err := Connect(t.Context(), Options{
		Host: "mx.example", Port: 2525, TLS: tlsMode(server), LocalName: "client.example", Lessons: &Lessons{}, RootCAs: running.Identity.Roots,
		Dial: func(context.Context, Target) (net.Conn, error) { return net.Dial("tcp", running.Address) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, func() smtptest.Connection {
		s.Close()
		defer running.Close()
		return running.Connection(0)
	}
}

func tlsMode(server smtptest.Server) TLSMode {
	if server.TLS == "" {
		return TLSOff
	}
	return TLSMode(server.TLS)
}

// streamTo connects to a server over a pipe.
func streamTo(t testing.TB, server smtptest.Server) (*Session, func() smtptest.Connection) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan smtptest.Connection, 1)
	go func() { done <- server.Serve(theirs) }()
	protocol := SMTP
	if server.Protocol == smtptest.LMTP {
		protocol = LMTP
	}
	s, err := Connect(t.Context(), Options{
		Host: "mx.example", TLS: TLSOff, LocalName: "client.example", Protocol: protocol, Lessons: &Lessons{},
		Dial: func(context.Context, Target) (net.Conn, error) { return ours, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, func() smtptest.Connection {
		s.Close()
		return <-done
	}
}

// numbered are n messages, each to its own sender and two recipients.
func numbered(n int) func() (Mail, error) {
	i := 0
	return func() (Mail, error) {
		if i == n {
			return Mail{}, io.EOF
		}
		i++
		return numberedMail(i), nil
	}
}

func numberedMail(i int) Mail {
	return Mail{
		Envelope: Envelope{From: fmt.Sprintf("from%d@x.example", i), To: []string{fmt.Sprintf("a%d@y.example", i), fmt.Sprintf("b%d@y.example", i)}},
		Content:  ContentOf(numberedText(i)),
	}
}

func numberedText(i int) []byte {
	return []byte(fmt.Sprintf("Subject: %d\r\n\r\n.dot\r\n..\r\nend of %d\r\n", i, i))
}

// results are all that a stream returns.
func results(st *Stream) (list []Result, err error) {
	for {
		r, err := st.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return list, err
		}
		list = append(list, r)
	}
}

// A stream of messages, some of them refused in part or whole, at MAIL, at RCPT
// and at their end: each result is its own, in order, and nobody gets what was
// sent to somebody else.
func TestStream(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const n = 100
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			server := kind.server
			lmtp := server.Protocol == smtptest.LMTP
			mails := map[bool]int{true: 1}[kind.transfer == "BDAT"] // of the probe
			server.Rules = []smtptest.Rule{
				{At: smtptest.Mail, Call: 3 + mails, Do: smtptest.Act{Reply: smtptest.Reply{Code: 451, Lines: []string{"later"}}}},
				{At: smtptest.Mail, Call: 4 + mails, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550, Lines: []string{"never"}}}},
			}
			rcpts := 0
			rcpt := func(message, which, code int) {
				// The RCPTs of messages 3 and 4 are sent where nothing waits for MAIL.
				server.Rules = append(server.Rules, smtptest.Rule{At: smtptest.Rcpt, Call: 2*(message-1) + which - rcpts, Do: smtptest.Act{Reply: smtptest.Reply{Code: code}}})
			}
			if !kind.ahead {
				rcpts = 4
			}
			rcpt(6, 1, 550)
			rcpt(7, 2, 450)
			rcpt(8, 1, 550)
			rcpt(8, 2, 550)
			rcpt(9, 1, 451)
			rcpt(9, 2, 452)
			rcpt(10, 2, 452)
			// Message 10 arrives twice; messages 3, 4, 8 and 9 do not arrive.
			if !lmtp {
				server.Rules = append(server.Rules,
					smtptest.Rule{At: smtptest.Message, Call: 5, Do: smtptest.Act{Reply: smtptest.Reply{Code: 554, Lines: []string{"spam"}}}},
				)
			}
			s, record := kind.connect(t, server)
			st := s.Stream(t.Context(), numbered(n), kind.options)
			list, err := results(st)
			if err != nil || len(list) != n {
				for _, e := range s.Transcript() {
					t.Log(e)
				}
				for _, c := range record().Commands {
					t.Log("SEEN", c.Line)
				}
				t.Fatalf("%d results, %v", len(list), err)
			}
			if err := s.Usable(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if _, err := s.Quit(t.Context()); err != nil {
				t.Errorf("quit: %v", err)
			}
			want := map[int][2]Outcome{
				3: {Deferred, Deferred}, 4: {Failed, Failed}, 6: {Failed, Sent}, 7: {Sent, Deferred}, 8: {Failed, Failed}, 9: {Deferred, Deferred},
			}
			if !lmtp {
				want[7] = [2]Outcome{Failed, Deferred} // the fifth that is complete
			}
			arrived := map[string]string{}
			seen := record()
			for _, m := range seen.Messages {
				if !m.Complete || !m.Accepted() {
					continue
				}
				if m.Transfer != kind.transfer && len(m.To) > 1 {
					t.Errorf("%s arrives by %s", m.From, m.Transfer)
				}
				for i, to := range m.To {
					if m.Each && m.Replies[i].Code/100 != 2 {
						continue
					}
					if before, twice := arrived[to]; twice {
						t.Errorf("%s gets two messages: %q, %q", to, before, m.From)
					}
					arrived[to] = m.From + " " + string(m.Text)
				}
			}
			for i, r := range list {
				mail := numberedMail(i + 1)
				for j, recipient := range r.Recipients {
					if recipient.Address != mail.Envelope.To[j] {
						t.Fatalf("result %d is of %s", i+1, recipient.Address)
					}
					wanted := Sent
					if w, ok := want[i+1]; ok {
						wanted = w[j]
					}
					if recipient.Outcome != wanted {
						t.Errorf("%s: %s (%s), want %s", recipient.Address, recipient.Outcome, recipient.Reply, wanted)
					}
					text, ok := arrived[recipient.Address]
					if ok != (recipient.Outcome == Sent) {
						t.Errorf("%s: %s, arrived: %t", recipient.Address, recipient.Outcome, ok)
					}
					if ok && text != mail.Envelope.From+" "+string(numberedText(i+1)) {
						t.Errorf("%s gets %q", recipient.Address, text)
					}
				}
			}
			if (seen.Ahead > n) != kind.ahead {
				t.Errorf("%d commands ahead of replies", seen.Ahead)
			}
		})
	}
}

// A message that cannot share the connection waits for it to itself, and the
// order of the results stays.
func TestStreamLonely(t *testing.T) {
	large := strings.Repeat("x", 70) + "\r\n"
	large = "Subject: large\r\n\r\n" + strings.Repeat(large, 2000)
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			s, record := kind.connect(t, kind.server)
			i := 0
			options := kind.options
			options.Bytes = 100_000
			st := s.Stream(t.Context(), func() (Mail, error) {
				i++
				m := numberedMail(i)
				switch i {
				case 2, 5:
					m.Content = ContentOf([]byte(large))
				case 3:
					m.Content = Content{Size: -1, Writer: strings.NewReader("Subject: unknown size\r\n\r\n")}
				case 6:
					m.Options.Until = UntilRcpt
				case 7:
					m.Options.Transfer = TransferData
				case 8:
					m.Content.Pieces = nil // has to be written
				case 9:
					m.Content = Content{Size: 8, Writer: strings.NewReader("a\nb\rc\r\n."), Pieces: nil}
				case 12:
					return m, io.EOF
				}
				return m, nil
			}, options)
			list, err := results(st)
			if err != nil || len(list) != 11 {
				t.Fatalf("%d results, %v", len(list), err)
			}
			for i, r := range list {
				want := Sent
				if i == 5 {
					want = "" // nothing was to be sent
				}
				if r.Outcome != want || r.Recipients[0].Address != fmt.Sprintf("a%d@y.example", i+1) {
					t.Errorf("message %d: %s: %s %s", i+1, r.Recipients[0].Address, r.Outcome, r.Reply)
				}
			}
			seen := record()
			var texts []string
			for _, m := range seen.Messages {
				if m.Complete && len(m.To) > 0 {
					texts = append(texts, string(m.Text))
				}
			}
			want := []string{
				string(numberedText(1)), large, "Subject: unknown size\r\n\r\n", string(numberedText(4)), large, string(numberedText(7)),
				string(numberedText(8)), "a\r\nb\r\nc\r\n.\r\n", string(numberedText(10)), string(numberedText(11)),
			}
			if len(texts) != len(want) {
				t.Fatalf("%d messages arrive, want %d", len(texts), len(want))
			}
			for i := range want {
				if texts[i] != want[i] {
					t.Errorf("message %d arrives as %.80q, want %.80q", i+1, texts[i], want[i])
				}
			}
		})
	}
}

// Left early, a stream finishes what it has begun and begins nothing more; what
// becomes of it is told.
func TestStreamLeft(t *testing.T) {
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			s, record := kind.connect(t, kind.server)
			var left []Result
			pulled := 0
			source := numbered(1000)
			options := kind.options
			options.Left = func(m Mail, r Result) {
				if r.Outcome == "" {
					return // taken from the source, and not begun
				}
				if m.Envelope.To[0] != r.Recipients[0].Address {
					t.Errorf("the result of %s is told of %s", r.Recipients[0].Address, m.Envelope.To[0])
				}
				left = append(left, r)
			}
			st := s.Stream(t.Context(), func() (Mail, error) { pulled++; return source() }, options)
			for i := range 5 {
				if r, err := st.Next(); err != nil || r.Outcome != Sent {
					t.Fatalf("%d: %s, %v", i, r.Outcome, err)
				}
			}
			if reply, err := s.Noop(t.Context()); err != nil || !reply.OK() {
				t.Fatalf("noop: %s, %v", reply, err)
			}
			before := pulled
			if _, err := st.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("a stream that was left goes on: %v", err)
			}
			if pulled != before {
				t.Error("and takes from its source")
			}
			if r, err := s.Send(t.Context(), numberedMail(9999).Envelope, numberedMail(1).Content, SendOptions{}); err != nil || r.Outcome != Sent {
				t.Errorf("send afterwards: %s, %v", r.Outcome, err)
			}
			seen, complete := record(), 0
			for _, m := range seen.Messages {
				if m.Complete && len(m.To) > 0 {
					complete++
				}
			}
			if complete != 5+len(left)+1 {
				t.Errorf("%d messages arrive; %d results were told", complete, 5+len(left))
			}
			for _, r := range left {
				if r.Outcome != Sent {
					t.Errorf("left: %s %s", r.Outcome, r.Reply)
				}
			}
		})
	}
}

// Closed, a session decides what a stream had on its way at once.
func TestStreamClosed(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 10, Do: smtptest.Act{Then: smtptest.Silence}}}}
	s, record := streamTo(t, server)
	outcomes := map[Outcome]int{}
	st := s.Stream(t.Context(), numbered(40), StreamOptions{Left: func(_ Mail, r Result) { outcomes[r.Outcome]++ }})
	if r, err := st.Next(); err != nil || r.Outcome != Sent {
		t.Fatal(r, err)
	}
	s.Close()
	record()
	if outcomes[Sent]+outcomes[InDoubt] != 39 || outcomes[InDoubt] < 30 {
		t.Errorf("%v", outcomes)
	}
	if _, err := st.Next(); err == nil {
		t.Error("a closed stream goes on")
	}
}

// 70: cancelled, a stream begins nothing more, waits a little for what may
// already have been taken, and then says that it is in doubt.
func TestFault70(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer time.Duration // after the cancellation
		want   Outcome
	}{
		{"answered within the grace", time.Second, Sent},
		{"not answered", time.Hour, InDoubt},
	} {
		for _, transfer := range []Transfer{TransferBdat, TransferData} {
			t.Run(test.name+", "+string(transfer), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 1, Do: smtptest.Act{Delay: 10*time.Second + test.answer}}}}
					s, record := streamTo(t, server)
					ctx, cancel := context.WithCancelCause(t.Context())
					interrupt := errors.New("interrupted")
					time.AfterFunc(10*time.Second, func() { cancel(interrupt) })
					begin := time.Now()
					list, err := results(s.Stream(ctx, numbered(1), StreamOptions{Transfer: transfer}))
					took := time.Since(begin)
					if len(list) != 1 || list[0].Outcome != test.want {
						t.Fatalf("%v, %v", list, err)
					}
					if test.want == InDoubt {
						if !errors.Is(err, interrupt) {
							t.Errorf("the error is %v", err)
						}
						if took != 13*time.Second {
							t.Errorf("it takes %v", took)
						}
					}
					record()
				})
			})
		}
	}
}

// Under a guard, a stream begins what it allows and no more, and every message
// goes where it says.
func TestStreamGuarded(t *testing.T) {
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			s, record := kind.connect(t, kind.server)
			begun, ended := 0, 0
			limit := errors.New("enough")
			s.options.Guard = Guard{
				Recipient: func(address string) (string, error) {
					if strings.HasPrefix(address, "a4") {
						return "", errors.New("not this one")
					}
					return "all@z.example", nil
				},
				Begin: func() error {
					if ended >= 7 {
						return limit
					}
					begun++
					return nil
				},
				Ended: func() { ended++ },
			}
			list, err := results(s.Stream(t.Context(), numbered(20), kind.options))
			if !errors.Is(err, limit) {
				t.Errorf("it ends with %v", err)
			}
			sent := 0
			for i, r := range list {
				want := [2]Outcome{Sent, Sent}
				if i == 3 {
					want[0] = Failed
				}
				if i >= 7 {
					want = [2]Outcome{Deferred, Deferred}
				}
				if got := [2]Outcome{r.Recipients[0].Outcome, r.Recipients[1].Outcome}; got != want {
					t.Errorf("message %d: %s, want %s", i+1, got, want)
				}
				if r.Recipients[1].Outcome == Sent {
					sent++
				}
			}
			complete := 0
			for _, m := range record().Messages {
				if !m.Complete || len(m.To) == 0 {
					continue
				}
				complete++
				if len(m.To) != 1 || m.To[0] != "all@z.example" {
					t.Errorf("%s arrives for %q", m.From, m.To)
				}
			}
			if sent != 7 || complete != 7 || begun != 7 || ended != 7 {
				t.Errorf("%d sent, %d arrive, %d begun, %d ended; want 7 of each", sent, complete, begun, ended)
			}
		})
	}
}

// The Commit hook hears of every message once, in order, before its end is
// written; where it fails, nothing of its batch is sent.
func TestStreamCommit(t *testing.T) {
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			s, record := kind.connect(t, kind.server)
			options := kind.options
			var heard []string
			broken := errors.New("the disk is full")
			options.Commit = func(_ context.Context, batch []Mail) error {
				for _, m := range batch {
					if m.Envelope.From == "from30@x.example" {
						return broken
					}
				}
				for _, m := range batch {
					heard = append(heard, m.Envelope.From)
				}
				return nil
			}
			list, err := results(s.Stream(t.Context(), numbered(100), options))
			if !errors.Is(err, broken) {
				t.Errorf("it ends with %v", err)
			}
			for i, from := range heard {
				if want := fmt.Sprintf("from%d@x.example", i+1); from != want {
					t.Fatalf("hears of %s, want %s", from, want)
				}
			}
			for i, r := range list {
				want := Deferred
				if i < len(heard) {
					want = Sent
				}
				if r.Outcome != want {
					t.Errorf("message %d: %s, want %s", i+1, r.Outcome, want)
				}
			}
			if s.Usable() != nil {
				t.Error("the connection is not as good as before")
			}
			complete := 0
			for _, m := range record().Messages {
				if m.Complete && len(m.To) > 0 {
					complete++
				}
			}
			if complete != len(heard) {
				t.Errorf("%d arrive, %d were committed", complete, len(heard))
			}
		})
	}
}

// A caller who takes his time between results has not waited for replies: those
// that have come are read, however late.
func TestStreamSlowCaller(t *testing.T) {
	for _, kind := range streamServers() {
		if kind.transfer != "DATA" || !kind.tcp {
			continue // there a reader reads all the time
		}
		t.Run(kind.name, func(t *testing.T) {
			s, record := kind.connect(t, kind.server)
			st := s.Stream(t.Context(), numbered(20), kind.options)
			for i := range 20 {
				r, err := st.Next()
				if err != nil || r.Outcome != Sent {
					t.Fatalf("message %d: %s, %v", i+1, r.Outcome, err)
				}
				st.mu.Lock()
				st.since = st.since.Add(-time.Hour)
				st.mu.Unlock()
			}
			record()
		})
	}
}

// A source that takes its time keeps nothing back: what was taken is sent, and a
// refused message is not waited for once more.
func TestStreamSlowSource(t *testing.T) {
	for _, kind := range streamServers() {
		if kind.tcp {
			continue // time only stands still for pipes
		}
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := kind.server
				server.Rules = []smtptest.Rule{{At: smtptest.Mail, Call: 3, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}}}
				s, record := streamTo(t, server)
				source, begin, pulled := numbered(10), time.Now(), 0
				st := s.Stream(t.Context(), func() (Mail, error) {
					pulled++
					time.Sleep(time.Second)
					return source()
				}, kind.options)
				for i := range 10 {
					r, err := st.Next()
					if err != nil {
						t.Fatal(err)
					}
					if r.Recipients[0].Address != numberedMail(i + 1).Envelope.To[0] {
						t.Fatalf("message %d: %v", i+1, r)
					}
					// One more may have been asked for meanwhile.
					if waited := time.Since(begin); waited > time.Duration(i+3)*time.Second {
						t.Errorf("message %d: its result comes after %v", i+1, waited)
					}
				}
				if _, err := st.Next(); !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				record()
			})
		})
	}
}

// What was committed and not handed out yet is never more than what may be on its
// way: a caller that notes results as they come knows how much can be in doubt.
func TestStreamCommitBound(t *testing.T) {
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			const n = 500
			s, record := kind.connect(t, kind.server)
			committed, heard, most := 0, 0, 0
			options := kind.options
			if options.Messages == 0 {
				options.Messages = 16
			}
			options.Commit = func(_ context.Context, batch []Mail) error {
				committed += len(batch)
				most = max(most, committed-heard)
				return nil
			}
			st := s.Stream(t.Context(), numbered(n), options)
			for {
				if _, err := st.Next(); err != nil {
					if err != io.EOF {
						t.Error(err)
					}
					break
				}
				heard++
			}
			record()
			if committed != n || heard != n || most > options.Messages {
				t.Errorf("%d committed, %d heard of, %d between the two, want %d at most", committed, heard, most, options.Messages)
			}
		})
	}
}

// What the hook is told takes no memory of its own for each batch.
func TestStreamCommitRoom(t *testing.T) {
	st := &Stream{options: StreamOptions{Commit: func(context.Context, []Mail) error { return nil }}}
	for i := range 64 {
		st.gathered = append(st.gathered, &flight{given: numberedMail(i)})
	}
	if n := testing.AllocsPerRun(10, func() {
		st.committed = 0
		st.commit()
	}); n > 0 {
		t.Errorf("%v allocations for a batch", n)
	}
}
