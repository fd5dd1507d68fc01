package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mailscript/mailscript/schedule"
	"github.com/mailscript/mailscript/smtp/server"
)

// mailbox keeps what a server takes.
type mailbox struct {
	server.Accept
	port   int
	choosy bool

	mu      sync.Mutex
	letters []envelope
	more    chan struct{} // gets a value with each letter
}

// Mail takes the null sender unless the mailbox is choosy.
func (m *mailbox) Mail(_ context.Context, _ server.Peer, s server.Sender) server.Reply {
	if m.choosy && s.Address == "" {
		return server.Reply{Code: 550, Enhanced: "5.7.1", Text: "no null sender from customers"}
	}
	return server.Reply{}
}

type envelope struct {
	from, to string
	header   mail.Header
	text     string
}

// openMailbox starts a server that takes everything until the test ends.
func openMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &mailbox{port: listener.Addr().(*net.TCPAddr).Port, more: make(chan struct{}, 1)}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				_ = server.Serve(ctx, conn, server.Config{Hostname: "mx.example", Handler: m})
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		connections.Wait()
	})
	return m
}

func (m *mailbox) Message(_ context.Context, _ server.Peer, e server.Envelope, body io.Reader) server.Reply {
	message, err := mail.ReadMessage(body)
	if err != nil {
		return server.Reply{Code: 554, Text: err.Error()}
	}
	body = message.Body
	if message.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return server.Reply{Code: 451, Text: "broken"}
	}
	m.mu.Lock()
	m.letters = append(m.letters, envelope{e.Sender.Address, e.Recipients[0].Address, message.Header, strings.ReplaceAll(string(text), "\r\n", "\n")})
	m.mu.Unlock()
	select {
	case m.more <- struct{}{}:
	default:
	}
	return server.Reply{}
}

func (m *mailbox) all() []envelope {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

// await waits for a letter that is wanted.
func (m *mailbox) await(t *testing.T, wanted func(envelope) bool) envelope {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		letters := m.all()
		if i := slices.IndexFunc(letters, wanted); i >= 0 {
			return letters[i]
		}
		select {
		case <-m.more:
		case <-deadline:
			var subjects []string
			for _, l := range letters {
				subjects = append(subjects, l.header.Get("Subject"))
			}
			t.Fatalf("it did not arrive; there are %q", subjects)
		}
	}
}

// jobProject makes a project with an account for the mailbox. Texts of jobs have
// $PORT for its port; other files come by name and text.
func jobProject(t *testing.T, m *mailbox, jobs string, files ...string) string {
	t.Helper()
	folder := t.TempDir()
	files = append(files, "mailscript.toml", fmt.Sprintf("[account.default]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"off\"\n%s", m.port, jobs))
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(folder, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// served is mailscript serve in a process of its own.
type served struct {
	command exec.Cmd
	mu      sync.Mutex
	lines   []map[string]any
	more    chan struct{}
	read    chan struct{} // closed at the end of the log
}

func startServing(t *testing.T, folder string, environment ...string) *served {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no sending of signals")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{
		// Under this name the test is mailscript: see TestMain.
		command: exec.Cmd{Path: self, Args: []string{"mailscript", "serve", "--project", folder}, Env: append(os.Environ(), environment...)},
		more:    make(chan struct{}, 1), read: make(chan struct{}),
	}
	pipe, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.read)
		lines := bufio.NewReader(pipe)
		for {
			text, err := lines.ReadBytes('\n')
			if len(text) > 0 {
				line := map[string]any{}
				if json.Unmarshal(text, &line) != nil {
					line["msg"] = string(text)
				}
				s.mu.Lock()
				s.lines = append(s.lines, line)
				s.mu.Unlock()
				select {
				case s.more <- struct{}{}:
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Log(s.log())
		}
	})
	return s
}

func (s *served) kill() {
	_ = s.command.Process.Kill()
	<-s.read
	_ = s.command.Wait()
}

// stop ends it in good order.
func (s *served) stop(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.read
	if err := s.command.Wait(); err != nil {
		t.Errorf("ended with %v\n%s", err, s.log())
	}
}

func (s *served) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, line := range s.lines {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// count is how many lines of the log are wanted.
func (s *served) count(wanted func(map[string]any) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, line := range s.lines {
		if wanted(line) {
			n++
		}
	}
	return n
}

// await waits until the log has n lines that are wanted.
func (s *served) await(t *testing.T, n int, wanted func(map[string]any) bool) {
	t.Helper()
	deadline := time.After(90 * time.Second)
	for s.count(wanted) < n {
		select {
		case <-s.more:
		case <-s.read:
			if s.count(wanted) < n {
				t.Fatalf("it ended:\n%s", s.log())
			}
		case <-deadline:
			t.Fatalf("it is not in the log:\n%s", s.log())
		}
	}
}

// says is for lines with these values, by name.
func says(pairs ...string) func(map[string]any) bool {
	return func(line map[string]any) bool {
		for i := 0; i < len(pairs); i += 2 {
			if text, _ := line[pairs[i]].(string); !strings.Contains(text, pairs[i+1]) {
				return false
			}
		}
		return true
	}
}

const keyScript = `
local smtp, job = require "smtp", require "job"
smtp.send { from = "reports@bank.example", to = "boss@bank.example", subject = job.key, text = "x" }
`

// TestServeKill kills the daemon around fire times, of which there is one each
// second: each period's report is out once, or is in doubt. MAILSCRIPT_TEST_KILLS
// says how often.
func TestServeKill(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	kills := 10
	if text := os.Getenv("MAILSCRIPT_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	box := openMailbox(t)
	folder := jobProject(t, box, "[job.a]\nscript = \"a.lua\"\ncron = \"* * * * * *\"\nseconds = true\nmissed = \"all\"\noverlap = \"queue\"\n", "a.lua", keyScript)
	for range kills {
		s := startServing(t, folder)
		s.await(t, 1, says("msg", "serving"))
		if rand.N(2) == 0 {
			// As close to a run as can be.
			s.await(t, 1+rand.N(2), says("msg", "run begins"))
			time.Sleep(rand.N(20 * time.Millisecond))
		} else {
			time.Sleep(rand.N(1500 * time.Millisecond))
		}
		s.kill()
	}
	s := startServing(t, folder)
	now := time.Now().UTC().Truncate(time.Second)
	caughtUp := now.Add(2 * time.Second).Format("2006-01-02T15:04:05")
	box.await(t, func(e envelope) bool { return e.header.Get("Subject") >= caughtUp })
	s.stop(t)

	sent := map[string]int{}
	for _, letter := range box.all() {
		sent[letter.header.Get("Subject")]++
	}
	state, err := schedule.ReadFile(filepath.Join(folder, ".mailscript", jobsState))
	if err != nil {
		t.Fatal(err)
	}
	records, err := state.History("a", farFuture, 1<<20)
	if err != nil || len(records) == 0 {
		t.Fatal(records, err)
	}
	counts := map[schedule.Outcome]int{}
	byPeriod := map[string]schedule.Record{}
	for _, r := range records {
		counts[r.Outcome]++
		byPeriod[r.Period] = r
		n := sent[r.Period]
		if r.Outcome == schedule.OutcomeOK && n != 1 || r.Outcome == schedule.OutcomeInDoubt && n > 1 ||
			r.Outcome != schedule.OutcomeOK && r.Outcome != schedule.OutcomeInDoubt {
			t.Errorf("%s: sent %d times, record %+v", r.Period, n, r)
		}
	}
	for at := records[len(records)-1].At; at.Before(now); at = at.Add(time.Second) {
		if period := at.UTC().Format("2006-01-02T15:04:05"); byPeriod[period].Outcome == "" {
			t.Errorf("%s: there is no record", period)
		}
	}
	for period := range sent {
		if byPeriod[period].Outcome == "" {
			t.Errorf("%s: sent, and there is no record", period)
		}
	}
	t.Logf("%d kills, %d reports, outcomes %v", kills, len(sent), counts)
	if counts[schedule.OutcomeOK] == 0 {
		t.Error("the test tries nothing")
	}
}

// Five hundred jobs that are due at the same time all begin within the minute.
func TestServeMany(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	const many = 500
	var jobs strings.Builder
	for i := range many {
		fmt.Fprintf(&jobs, "[job.j%d]\nscript = \"a.lua\"\ncron = \"*/15 * * * * *\"\nseconds = true\n", i)
	}
	box := openMailbox(t)
	s := startServing(t, jobProject(t, box, jobs.String(), "a.lua", `print("done")`))
	s.await(t, many, says("msg", "run ended", "outcome", "ok"))
	s.stop(t)
	var first, last time.Time
	begun := map[any]bool{}
	for _, line := range s.lines {
		if line["msg"] != "run begins" || begun[line["job"]] {
			continue
		}
		begun[line["job"]] = true
		at, err := time.Parse(time.RFC3339Nano, line["time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if first.IsZero() {
			first = at
		}
		last = at
	}
	if took := last.Sub(first); len(begun) != many || took > time.Minute {
		t.Errorf("%d began, within %v", len(begun), took)
	} else {
		t.Logf("all began within %v", took)
	}
}

// A run that fails, one that loops and one whose script is missing are told of, and
// the job beside them does not notice (FAULTS S4, S6).
func TestServeFailures(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	job := func(name, cron, more string) string {
		return fmt.Sprintf("[job.%s]\nscript = \"%s.lua\"\ncron = \"%s\"\nseconds = true\non_failure = \"ops@bank.example\"\n%s", name, name, cron, more)
	}
	// Those that fail do so once, so that the cap of notices holds none back.
	soon := time.Now().UTC().Add(4 * time.Second)
	once := fmt.Sprintf("%d %d %d * * *", soon.Second(), soon.Minute(), soon.Hour())
	folder := jobProject(t, box,
		job("broken", once, "")+job("endless", once, "timeout = 1\n")+job("missing", once, "")+job("quiet", once, "")+
			job("slow", once, "deadline = 1\ntimeout = 3\n")+job("good", "* * * * * *", ""),
		"broken.lua", "local log = require \"log\"\nlog.info(\"looking\", { rows = 3 })\nprint \"almost \\27[31m there\"\nerror \"no data\"\n",
		"endless.lua", "while true do end\n",
		"slow.lua", "require \"time\".sleep(60)\n",
		"quiet.lua", "require \"job\".skip \"nobody bought anything\"\n",
		"good.lua", keyScript)
	s := startServing(t, folder)
	s.await(t, 1, says("msg", "run ended", "job", "quiet", "outcome", "nothing"))
	notices := map[string]envelope{}
	for _, name := range []string{"broken: failed", "endless: failed", "missing: failed", "slow: not out in time"} {
		notices[name] = box.await(t, func(e envelope) bool { return strings.HasPrefix(e.header.Get("Subject"), name) })
	}
	begun := s.count(says("msg", "run ended", "job", "good", "outcome", "ok"))
	s.await(t, begun+2, says("msg", "run ended", "job", "good", "outcome", "ok"))
	s.stop(t)
	for name, notice := range notices {
		if notice.from != "" || notice.to != "ops@bank.example" || notice.header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("%s: from %q to %q, %v", name, notice.from, notice.to, notice.header)
		}
	}
	for name, want := range map[string]string{
		"broken: failed":        "error     broken.lua:4: no data\n",
		"endless: failed":       "outcome   timeout\n",
		"missing: failed":       "hint      check the path of the script\n",
		"slow: not out in time": "was to be out 1s after its time",
	} {
		if !strings.Contains(notices[name].text, want) {
			t.Errorf("%s does not say %q:\n%s", name, want, notices[name].text)
		}
	}
	if text := notices["broken: failed"].text; !strings.Contains(text, "  info: looking rows=3\n  almost") {
		t.Errorf("the end of the output is not in the notice:\n%s", text)
	}
	if n := s.count(says("msg", "looking", "run", "broken/", "job", "broken")); n != 1 {
		t.Errorf("the script's own line is in the log %d times\n%s", n, s.log())
	}
	if n := s.count(func(line map[string]any) bool {
		return line["msg"] == "mail" && line["job"] == "good" && line["message_id"] != "" && line["run"] != nil
	}); n < 2 {
		t.Errorf("mail is not in the log with its ids:\n%s", s.log())
	}
}

// What is secret is in no log, record or notice, whatever a script does with it.
func TestServeSecrets(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	folder := jobProject(t, box, "username = \"ann\"\npassword_env = \"CANARY\"\n[secret.crm]\nenv = \"CANARY\"\n[account.notices]\nhost = \"127.0.0.1\"\ntls = \"off\"\nport = "+strconv.Itoa(box.port)+
		"\n[job.a]\nscript = \"a.lua\"\naccount = \"notices\"\ncron = \"*/2 * * * * *\"\nseconds = true\non_failure = \"ops@bank.example\"\n",
		"a.lua", `
local smtp, secret, log = require "smtp", require "secret", require "log"
local crm = secret.get "crm"
print(crm)
log.info("asked", { with = crm })
print(try(smtp.send, { from = "a@bank.example", to = "b@bank.example", text = "x" }, { account = "default" }))
print("\0 \200 \27")
error("no data with " .. tostring(crm))
`)
	s := startServing(t, folder, "CANARY=canary-0451")
	notice := box.await(t, func(e envelope) bool { return e.to == "ops@bank.example" })
	s.stop(t)
	records, err := os.ReadFile(filepath.Join(folder, ".mailscript", jobsState))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"log": s.log(), "state": string(records), "notice": notice.text} {
		if strings.Contains(text, "canary-0451") || !strings.Contains(text, "‹secret›") && !strings.Contains(text, "no data with (secret)") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// A server that takes no null sender from its customers gets the notice with another.
func TestNoticeSender(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	box.choosy = true
	p, err := openJobs(jobProject(t, box, "[job.a]\nscript = \"a.lua\"\ncron = \"@daily\"\non_failure = \"ops@bank.example\"\n"), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	n := notifier{p, slog.New(slog.DiscardHandler), newShared()}
	record := schedule.Record{Job: "a", Period: "2026-11-26", Outcome: schedule.OutcomeFailed, Error: "no data"}
	if err := n.send(t.Context(), schedule.Notice{Kind: schedule.NoticeFailed, To: "ops@bank.example", Job: "a", Record: record, Held: 2}); err != nil {
		t.Fatal(err)
	}
	letters := box.all()
	if len(letters) != 1 || letters[0].from != "ops@bank.example" || !strings.Contains(letters[0].text, "2 notices before this one were held back") {
		t.Errorf("%+v", letters)
	}
}

// SIGTERM lets a run that is under way end, and begins no other (FAULTS S5); a run
// that does not end in time is cancelled.
func TestServeStop(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	folder := jobProject(t, box, "[job.a]\nscript = \"a.lua\"\ncron = \"* * * * * *\"\nseconds = true\n",
		"a.lua", "print \"begun\"\nrequire \"time\".sleep(2)\n"+keyScript)
	s := startServing(t, folder)
	s.await(t, 1, says("msg", "output", "text", "begun"))
	s.stop(t)
	if n := len(box.all()); n != 1 || s.count(says("msg", "run begins")) != 1 || s.count(says("msg", "run ended", "outcome", "ok")) != 1 {
		t.Errorf("%d letters\n%s", n, s.log())
	}
}

// A second daemon does not start, and says who is there.
func TestServeTwice(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	folder := jobProject(t, box, "[job.a]\nscript = \"a.lua\"\ncron = \"@yearly\"\n", "a.lua", "")
	s := startServing(t, folder)
	s.await(t, 1, says("msg", "serving"))
	var out strings.Builder
	status := Main(t.Context(), []string{"serve", "--project", folder}, strings.NewReader(""), &out, &out)
	if status != exitUsage || !strings.Contains(out.String(), fmt.Sprintf("are being run already, by process %d on", s.command.Process.Pid)) {
		t.Errorf("status %d\n%s", status, out.String())
	}
	out.Reset()
	if Main(t.Context(), []string{"jobs", "--project", folder}, strings.NewReader(""), &out, &out); !strings.Contains(out.String(), fmt.Sprintf("Process %d on", s.command.Process.Pid)) {
		t.Errorf("%s", out.String())
	}
	s.stop(t)
}

// A change of mailscript.toml counts at once, and so does SIGHUP; a mistake in it
// leaves the jobs as they were, and the service manager hears of everything.
func TestServeReload(t *testing.T) {
	t.Parallel()
	box := openMailbox(t)
	folder := jobProject(t, box, "[job.a]\nscript = \"a.lua\"\ncron = \"@yearly\"\n", "a.lua", "", "b.lua", keyScript)
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer manager.Close()
	hear := func(want string) {
		t.Helper()
		text := make([]byte, 2000)
		for {
			if err := manager.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			n, err := manager.Read(text)
			if err != nil {
				t.Fatalf("%s: %v", want, err)
			}
			if got := string(text[:n]); got != "WATCHDOG=1\n" || want == got {
				if !strings.HasPrefix(got, want) {
					t.Errorf("the service manager hears %q, want %q", got, want)
				}
				return
			}
		}
	}
	s := startServing(t, folder, "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=2000000")
	hear("READY=1\nSTATUS=1 job; next: a at ")
	hear("WATCHDOG=1\n")

	path := filepath.Join(folder, "mailscript.toml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		// As editors do: a new file in the place of the old one.
		if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"~", path); err != nil {
			t.Fatal(err)
		}
	}
	write(string(good) + "cronn = \"@daily\"\n")
	s.await(t, 1, says("msg", "the jobs stay as they were", "err", `unknown key "cronn"`))
	hear("RELOADING=1\n")
	hear("READY=1\nSTATUS=the configuration is broken")
	write(string(good) + "[job.b]\nscript = \"b.lua\"\ncron = \"* * * * * *\"\nseconds = true\n")
	box.await(t, func(envelope) bool { return true })
	hear("RELOADING=1\n")
	hear("READY=1\nSTATUS=2 jobs; next: b at ")
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.await(t, 1, says("msg", "configuration read anew", "because", "SIGHUP"))
	hear("RELOADING=1\n")
	hear("READY=1\n")
	s.stop(t)
	hear("STOPPING=1\n")
}
