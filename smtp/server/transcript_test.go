package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// dialogue is a whole conversation: everything the client says, everything the
// server answers, and the messages the handler accepted.
type dialogue struct {
	config   Config
	client   string
	server   string
	messages []string
}

// recorder is the handler of the transcripts. It says no to addresses that ask
// for it by their local part.
type recorder struct {
	Accept
	mu       sync.Mutex
	messages []string
}

func (*recorder) Auth(_ context.Context, _ Peer, c Credentials) Reply {
	if c.Password.Reveal() != "secret" || c.Username != "ann" || c.Identity == "root" {
		return Reply{535, "5.7.8", "wrong credentials"}
	}
	return Reply{}
}

func (*recorder) Mail(_ context.Context, _ Peer, sender Sender) Reply { return judge(sender.Address) }

func (*recorder) Rcpt(_ context.Context, _ Peer, _ Envelope, recipient Recipient) Reply {
	return judge(recipient.Address)
}

func judge(address string) Reply {
	switch local, _, _ := strings.Cut(address, "@"); local {
	case "no":
		return Reply{550, "5.1.1", "no such user"}
	case "later":
		return Reply{450, "4.2.1", "try later"}
	case "shut":
		return Reply{421, "4.3.2", "going away"}
	case "lines":
		return Reply{250, "2.1.5", "one\ntwo"}
	}
	return Reply{}
}

func (r *recorder) Message(_ context.Context, _ Peer, envelope Envelope, body io.Reader) Reply {
	if strings.HasPrefix(envelope.Sender.Address, "full@") {
		return Reply{452, "4.3.1", "disk full"}
	}
	if strings.HasPrefix(envelope.Sender.Address, "hasty@") {
		return Reply{} // a positive verdict without a look at the message
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Reply{}
	}
	if strings.Contains(string(text), "REJECT") {
		return Reply{554, "5.7.1", "content rejected"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, describe(envelope, string(text)))
	return Reply{}
}

func describe(e Envelope, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s>", e.Sender.Address)
	for _, p := range []struct{ name, value string }{{"BODY", string(e.Sender.Body)}, {"RET", e.Sender.Return},
		{"ENVID", e.Sender.EnvelopeID}, {"AUTH", e.Sender.Submitter}} {
		if p.value != "" {
			fmt.Fprintf(&b, " %s=%q", p.name, p.value)
		}
	}
	if e.Sender.Size > 0 {
		fmt.Fprintf(&b, " SIZE=%d", e.Sender.Size)
	}
	if e.Sender.UTF8 {
		b.WriteString(" SMTPUTF8")
	}
	for _, r := range e.Recipients {
		fmt.Fprintf(&b, " <%s>", r.Address)
		if r.Notify != nil {
			fmt.Fprintf(&b, " NOTIFY=%s", strings.Join(r.Notify, ","))
		}
		if r.Original.Type != "" {
			fmt.Fprintf(&b, " ORCPT=%s;%q", r.Original.Type, r.Original.Address)
		}
	}
	fmt.Fprintf(&b, " %q", text)
	return b.String()
}

// play sends the pieces and returns what the server said and accepted. The
// dialogue must end by the server's closing, as with QUIT.
func play(t *testing.T, config Config, pieces ...string) (said string, messages []string, err error) {
	t.Helper()
	handler := &recorder{}
	config.Handler = handler
	ours, theirs := net.Pipe()
	var tasks sync.WaitGroup
	tasks.Go(func() { err = Serve(t.Context(), theirs, config) })
	tasks.Go(func() {
		for _, piece := range pieces {
			if _, err := io.WriteString(ours, piece); err != nil {
				return // the server has closed; what it said tells whether it was right to
			}
		}
	})
	all, readErr := io.ReadAll(ours)
	if readErr != nil {
		t.Errorf("reading replies: %v", readErr)
	}
	_ = ours.Close()
	tasks.Wait()
	return string(all), handler.messages, err
}

// check plays the dialogue at once, octet by octet, and at every split in two:
// the result must always be the same.
func (d dialogue) check(t *testing.T) {
	t.Helper()
	try := func(how string, pieces ...string) bool {
		t.Helper()
		said, messages, _ := play(t, d.config, pieces...)
		if said != d.server {
			t.Errorf("%s: the server said\n%s\nwant\n%s", how, said, d.server)
			return false
		}
		if got, want := strings.Join(messages, "\n"), strings.Join(d.messages, "\n"); got != want {
			t.Errorf("%s: accepted\n%s\nwant\n%s", how, got, want)
			return false
		}
		return true
	}
	if !try("at once", d.client) || !try("octet by octet", strings.Split(d.client, "")...) {
		return
	}
	// strings.Split cuts at characters; the splits in two cut within them as well.
	for i := 1; i < len(d.client); i++ {
		if !try(fmt.Sprintf("split at %d", i), d.client[:i], d.client[i:]) {
			return
		}
	}
}

// readTranscript reads a file of lines:
//
//	#  a comment
//	!  a setting of the server, see setting
//	C: a line of the client
//	c: octets of the client as a quoted Go string
//	S: a line of the server
//	M: a message that was accepted, as describe has it
func readTranscript(t *testing.T, path string) dialogue {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// What EHLO says of FUTURERELEASE is never twice the same; the parameters of
	// these have a test of their own.
	rare := []Extension{DeliverBy, FutureRelease, Priority, RequireTLS}
	d := dialogue{config: Config{Hostname: "mx.test", Withhold: rare}, client: string(clientSide(string(text)))}
	for number, line := range transcriptLines(string(text)) {
		kind, rest, _ := strings.Cut(line, " ")
		var err error
		switch kind {
		case "", "#", "C:":
		case "c:":
			_, err = strconv.Unquote(rest)
		case "!":
			err = setting(&d.config, rest)
		case "S:":
			d.server += rest + "\r\n"
		case "M:":
			d.messages = append(d.messages, rest)
		default:
			err = errors.New("unknown kind of line")
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", path, number+1, err)
		}
	}
	return d
}

// clientSide is what the client of a transcript says.
func clientSide(text string) []byte {
	var client []byte
	for _, line := range transcriptLines(text) {
		switch kind, rest, _ := strings.Cut(line, " "); kind {
		case "C:":
			client = append(client, rest+"\r\n"...)
		case "c:":
			octets, _ := strconv.Unquote(rest)
			client = append(client, octets...)
		}
	}
	return client
}

func transcriptLines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

func setting(config *Config, text string) error {
	name, value, _ := strings.Cut(text, " ")
	number, err := strconv.Atoi(value)
	switch name {
	case "auth-in-clear":
		config.AuthInClear = true
		return nil
	case "withhold":
		for _, extension := range strings.Fields(value) {
			config.Withhold = append(config.Withhold, Extension(extension))
		}
		return nil
	case "size":
		config.Limits.MessageSize = int64(number)
	case "recipients":
		config.Limits.Recipients = number
	case "errors":
		config.Limits.Errors = number
	case "line":
		config.Limits.CommandLine = number
	default:
		return fmt.Errorf("unknown setting %q", name)
	}
	return err
}

func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			readTranscript(t, path).check(t)
		})
	}
}
