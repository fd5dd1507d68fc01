package probe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Options say whom to ask.
type Options struct {
	// Connection is where the server is, as a session would be connected. Without
	// a port, and without a socket, the usual ones are tried: 465, 587 and 25.
	// Without a TLS mode no fault is found with a server that needs another than
	// the default on an unusual port. Its Guard is not used, as nothing is sent.
	// Its Trace is called from several goroutines.
	Connection smtp.Options
	// Account is the name of the account in what is to be written into
	// mailscript.toml; default "default".
	Account string
	// CA is the file of the authorities in Connection.RootCAs, as mailscript.toml
	// would have it; "" where it is not known.
	CA string
	// Login are credentials to try; nil does not log in.
	Login *smtp.Credentials
	// Known are findings that the caller has about the server beforehand; they go
	// to the target that is chosen, if it can be reached.
	Known []Finding
	// Timeout is for each exchange; default 15 seconds. It is less than RFC 5321,
	// section 4.5.3.2 gives a server, because somebody waits for the answer.
	Timeout time.Duration
	// Advise says what to do about an error; nil has no advice.
	Advise func(error) string
	// Now is the time by which certificates are judged; the zero value is the
	// clock's.
	Now time.Time
}

// defaultTimeout is for one exchange.
const defaultTimeout = 15 * time.Second

func (o Options) withDefaults() Options {
	if o.Account == "" {
		o.Account = "default"
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Advise == nil {
		o.Advise = func(error) string { return "" }
	}
	c := &o.Connection
	c.Guard = smtp.Guard{}
	if c.Socket != "" && c.Host == "" {
		c.Host = "localhost"
	}
	c.Timeouts = smtp.Timeouts{
		Connect: o.Timeout, Handshake: o.Timeout, Greeting: o.Timeout, Command: o.Timeout,
		Data: o.Timeout, Block: o.Timeout, Message: o.Timeout, Reset: o.Timeout, Quit: min(o.Timeout, smtp.QuitTimeout),
	}
	return o
}

// usualPorts are those of a mail server, in the order of preference (RFC 8314,
// section 3.3).
var usualPorts = [...]int{smtp.PortSubmissions, smtp.PortSubmission, smtp.PortSMTP}

// Run asks the server. It ends early where ctx does; what was found by then is
// reported.
func Run(ctx context.Context, options Options) Report {
	o := options.withDefaults()
	ports := []int{o.Connection.Port}
	guessed := o.Connection.Port == 0 && o.Connection.Socket == ""
	if guessed {
		ports = usualPorts[:]
	}
	targets := make([]Target, len(ports))
	var all sync.WaitGroup
	for i, port := range ports {
		all.Go(func() { targets[i] = o.ask(ctx, port) })
	}
	all.Wait()
	report := Report{Host: o.Connection.Host, Targets: targets}
	if guessed {
		report.forgive()
	}
	report.choose()
	if chosen := &report.Targets[report.Chosen]; o.Login != nil && chosen.Mode != "" {
		o.logIn(ctx, chosen)
	}
	if chosen := &report.Targets[report.Chosen]; chosen.Mode != "" {
		chosen.Findings = append(chosen.Findings, o.Known...)
	}
	for _, t := range report.Targets {
		slices.SortStableFunc(t.Findings, func(a, b Finding) int { return a.Severity.rank() - b.Severity.rank() })
	}
	report.Account = o.accountBlock(report.Targets[report.Chosen])
	return report
}

// ask finds out about one port.
func (o Options) ask(ctx context.Context, port int) Target {
	p := &prober{Options: o}
	p.Connection.Port = port
	p.target = Target{Host: o.Connection.Host, Port: port, Address: p.where(), Socket: o.Connection.Socket}
	p.examine(ctx)
	if p.session != nil {
		_, _ = p.session.Quit(ctx)
	}
	return p.target
}

// choose picks the port that mail should go through: encrypted rather than not,
// with a log-in rather than without, and of equals the first.
func (r *Report) choose() {
	best := -1
	for i, t := range r.Targets {
		if worth := t.worth(); worth > best {
			best, r.Chosen = worth, i
		}
	}
}

func (t Target) worth() int {
	switch {
	case t.Mode == "":
		return 0
	case t.TLS == nil:
		return 1
	}
	worth := 2
	if t.TLS.Verified {
		worth += 2
	}
	if len(t.Auth.Mechanisms) > 0 {
		worth++
	}
	return worth
}

// forgive makes notes of the faults of ports that nobody asked for and that are
// not in use, where another is. A name without an address is told once.
func (r *Report) forgive() {
	if !slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Mode != "" }) {
		if slices.ContainsFunc(r.Targets[0].Findings, func(f Finding) bool { return f.Name == "dns" }) {
			r.Targets = r.Targets[:1]
		}
		return
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		for k := range t.Findings {
			if t.Mode == "" {
				t.Findings[k].Severity = Note
			}
		}
	}
}
