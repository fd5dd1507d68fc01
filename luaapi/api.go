package luaapi

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/fetch"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/smtp"
)

// Options say what the modules reach of the world outside.
type Options struct {
	// Root is the project folder: relative paths of mime.file start there.
	Root string
	// Dial replaces every connection of the run; nil is the network.
	Dial func(ctx context.Context, target smtp.Target) (net.Conn, error)
	// RootCAs verify servers where an account does not name its own; nil means
	// those of the system.
	RootCAs *x509.CertPool
	// Rehearsal is true where Dial leads to an embedded server: no account is
	// needed, any credential will do, and no source of a password is asked but for what http
	// sends: web services and databases are the real ones.
	Rehearsal bool
	// Ledger is the project folder whose ledger merges keep; "" is a ledger that is
	// thrown away, for rehearsals.
	Ledger string
	// Books shares the ledger with other runs of the process; nil shares it with none.
	Books *Books
	// Script tells one text of the script from another: what merges send depends on it.
	Script string
	// AcceptChanges lets merges go on with another script or template than they began with.
	AcceptChanges bool
	// Takeover opens a ledger that was copied here from elsewhere.
	Takeover bool
	// Progress is told how far a merge has come, on any goroutine.
	Progress func(merge string, p delivery.Progress)
	// Begun is told of each merge that keeps the ledger, before it sends.
	Begun func(merge string)
	// Merged is told what became of each merge that was to send, when it ends.
	Merged func(merge string, n delivery.Counts, elapsed time.Duration)
	// Export reads the rows of one merge in place of sending; nil lets merges send.
	Export *Export
	// Resume is the one merge that sends; "" lets all.
	Resume string
	// Job is what the script runs for; nil where it is no job.
	Job *Job
	// Log takes what the script writes with log; nil is PlainLog on standard error.
	Log *slog.Logger
	// Check says that merges only look at their rows; nil lets them send.
	Check *Checking
	// Config holds the accounts and secrets; nil where there is no mailscript.toml.
	Config *config.File
	// Secrets reads passwords from where the configuration says.
	Secrets config.Reader
	// Account stands in for "default"; "" leaves it.
	Account string
	// Guard is what the run may send, whichever way the script sends it.
	Guard smtp.Guard
	// Context ends when the user wants the run to end; nil never does. It is that
	// of the run, and still counts when the script is over: what streams have on
	// their way is waited for until then, see Drain.
	Context context.Context
	// Now is the clock of messages and signatures; nil is the real one.
	Now func() time.Time
	// Notice is told what a user should know and a script need not. It may be called
	// on any goroutine, by one at a time.
	Notice func(text string)
	// Trace is told of each transcript entry of each session.
	Trace func(smtp.Entry)
	// OnResult is told of each message's outcome.
	OnResult func(Event)
}

// Checking is how merges look at their rows.
type Checking struct {
	Rows   int64   // the first so many; 0 is all
	Sample *Sample // keeps some of their messages; nil keeps none
}

// Event is what became of one message, for reports.
type Event struct {
	MessageID  string
	Account    string
	Result     smtp.Result
	Fault      error // what prevented an answer, nil without
	Recipients []string
}

// API is the modules of one run and what the run must remember: which messages
// did not arrive, which accounts were refused, which sessions are open.
type API struct {
	options  Options
	outcomes outcomes
	sessions []*session
	tokens   map[string]*config.Tokens // access tokens, by account
	signing  map[string]*dkimSigner    // keys that were read, by name
	folders  map[string]*mime.Folder   // of pictures, by path
	web      map[string]*fetch.Client  // of http, by a hash of their options
	book     *book                     // of the project, nil until a merge needs it
	letters  []string                  // what tells the templates of the run from others
	problems []*Problem                // of merges that were only looked at
	merges   []*mergeRun               // those that ran
	streams  []*stream                 // that may have messages on their way, or have not begun
	lessons  *smtp.Lessons             // about the servers of the run
	pool     map[string]*session       // of smtp.send, by account
	refused  map[string]*refusedLogin  // accounts that were answered 535
	secrets  map[string]smtp.Secret    // read once a run, by account or name
	noticing sync.Mutex                // an interruption is noticed whatever the script does
	noticed  map[string]bool
}

// New makes the modules of one run.
func New(options Options) *API {
	if options.Books == nil {
		options.Books = NewBooks()
	}
	return &API{
		options:  options,
		lessons:  &smtp.Lessons{},
		outcomes: outcomes{last: map[copyOf]*fate{}},
		pool:     map[string]*session{},
		refused:  map[string]*refusedLogin{},
		secrets:  map[string]smtp.Secret{},
		tokens:   map[string]*config.Tokens{},
		signing:  map[string]*dkimSigner{},
		folders:  map[string]*mime.Folder{},
		web:      map[string]*fetch.Client{},
		noticed:  map[string]bool{},
	}
}

// Close says QUIT on every session the script left open, and drains what streams
// have on their way first. ctx is for the goodbyes: where it ends soon, call Drain
// before it begins.
func (a *API) Close(ctx context.Context) {
	a.Drain()
	for _, s := range a.sessions {
		if s.Usable() == nil {
			_, _ = s.Quit(ctx)
		}
		s.Close()
	}
	a.sessions = nil
	a.giveBack()
}

// quitGrace is how long the end of a run waits for goodbyes.
const quitGrace = 2 * time.Second

// QuitGrace is how long Close should be given.
func QuitGrace() time.Duration { return quitGrace }

// notice tells the user something, once a run.
func (a *API) notice(text string) {
	a.noticing.Lock()
	defer a.noticing.Unlock()
	if a.options.Notice != nil && !a.noticed[text] {
		a.noticed[text] = true
		a.options.Notice(text)
	}
}
