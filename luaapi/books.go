package luaapi

import (
	"context"
	"fmt"
	"sync"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
)

// Books are the ledgers that the runs of one process have open. A ledger lets one process
// at a time write, and does not know which of its runs asks: those that run at the same
// time share one, which is closed when the last of them ends. Methods may be called from
// several goroutines.
type Books struct {
	turn chan struct{} // held by the one who opens or closes
	open map[string]*book
}

// book is an open ledger with those who use it.
type book struct {
	ledger  *ledger.Ledger
	project string
	users   int // guarded by Books.turn

	mu    sync.Mutex
	sends map[string]string // who sends, by the name of the run: a job, or ""
}

// NewBooks makes books of which none is open.
func NewBooks() *Books { return &Books{turn: make(chan struct{}, 1), open: map[string]*book{}} }

// take opens the ledger of a project, unless another run has it open. It waits for one
// that is being opened or closed.
func (b *Books) take(ctx context.Context, project string, options ledger.Options) (*book, error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	shared := b.open[project]
	if shared == nil {
		opened, err := ledger.Open(ctx, project, options)
		if err != nil {
			return nil, err
		}
		shared = &book{ledger: opened, project: project, sends: map[string]string{}}
		b.open[project] = shared
	}
	if err := shared.ledger.Err(); err != nil {
		return nil, err // it can be opened anew once its users have seen that it failed
	}
	shared.users++
	return shared, nil
}

// giveBack ends one use of a ledger, and the last one closes it.
func (b *Books) giveBack(shared *book) error {
	b.turn <- struct{}{}
	defer func() { <-b.turn }()
	if shared.users--; shared.users > 0 {
		return nil
	}
	delete(b.open, shared.project)
	return shared.ledger.Close()
}

// giveBack ends what the run does with the ledger.
func (a *API) giveBack() {
	if a.book == nil {
		return
	}
	if err := a.options.Books.giveBack(a.book); err != nil {
		a.notice(err.Error())
	}
	a.book = nil
}

// enter begins or resumes a run of the ledger, and raises where somebody else of this
// process sends it. leave is to be called when the merge has ended.
func (c *Call) enter(name string, settings ledger.Settings) (run *ledger.Run, leave func()) {
	shared, who := c.API.book, ""
	if c.options.Job != nil {
		who = c.options.Job.Name
	}
	if err := shared.send(name, who); err != nil {
		c.Fail(err)
	}
	run, err := shared.ledger.Run(name, settings)
	if err != nil {
		shared.sent(name)
		c.Fail(err)
	}
	return run, func() {
		// Before others may begin it: what this one did not come to send is theirs.
		if err := run.Leave(); err != nil {
			c.API.notice(err.Error())
		}
		shared.sent(name)
	}
}

// send notes who sends a run. Two at once would each claim rows that the other wants.
func (b *book) send(name, who string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	other, busy := b.sends[name]
	if !busy {
		b.sends[name] = who
		return nil
	}
	f := &engine.Fault{
		Kind: engine.KindFile, Temporary: true, Message: fmt.Sprintf("run %q is being sent already", name),
		Hint: "a run is sent by one merge at a time, and goes on where it ended: give the other its own name, or begin this one later",
	}
	if other != "" {
		f.Message += ", by the job " + other
		f.Hint = "a run is sent by one merge at a time: give the runs names of their own, the jobs different times, or this one retries"
	}
	return f
}

func (b *book) sent(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sends, name)
}
