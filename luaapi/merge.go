package luaapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// mergeOptions are the fields of merge.run.
type mergeOptions struct {
	Name          string         `lua:"name" doc:"of the run: a run of the same name goes on where an earlier one ended; required"`
	Rows          luaValue       `lua:"rows" type:"source|table[]|(fun(): table|row|nil)" doc:"who gets something: a source, a list of tables, or a function that returns one each time; required"`
	Key           string         `lua:"key" doc:"the column that tells rows apart: one message for each key of a run, ever; required"`
	Message       *lua.LFunction `lua:"message" type:"fun(row: row): description|skip" doc:"describes the message for a row, or returns merge.skip(reason); required"`
	Account       luaValue       `lua:"account" type:"string|connect.options" doc:"an account's name, or a server; default the account \"default\""`
	Rate          string         `lua:"rate" doc:"how many messages may begin in a time, over all connections: \"20/s\", \"100/min\", \"20/30min\"; default no bound"`
	Connections   int            `lua:"connections" doc:"at once, default 4; fewer while the server says that we send too fast"`
	RetryFor      luaValue       `lua:"retry_for" type:"number|string" doc:"how long what was refused for now is tried again before run returns, default 30m; 0 is not at all"`
	Expire        luaValue       `lua:"expire" type:"number|string" doc:"how long after its first attempt a row that is still refused for now fails, default 48h"`
	InDoubt       string         `lua:"in_doubt" type:"\"hold\"|\"resend\"|\"assume-sent\"" doc:"what becomes of a message whose end was written and never answered: it is left to you (default), sent again and may arrive twice, or taken for sent and may be lost"`
	Duplicates    string         `lua:"duplicates" type:"\"refuse\"|\"first\"" doc:"rows with a key that an earlier row has: nothing is sent (default), or the first is and the others are counted"`
	UniqueAddress luaValue       `lua:"unique_address" type:"boolean" doc:"false allows more than one message to an address; default true, and nothing is sent where two rows have the same, or where the run has written to it as a row with another key"`
	Changed       string         `lua:"changed" type:"\"refuse\"|\"accept\"" doc:"a run that is resumed with another script or template than it began with: it is refused (default), or goes on with the new one for the rows that are left"`
	Edited        string         `lua:"edited" type:"\"refuse\"|\"ignore\"" doc:"rows that were changed after they were sent, or perhaps: nothing is sent (default), or they stay what they are and the others are sent"`
	StopAfter     int            `lua:"stop_after" doc:"how many messages in a row may be refused for good before the run ends, default 10; -1 is never"`
	OnResult      *lua.LFunction `lua:"on_result" type:"fun(row: row, result: result)" doc:"called once for each row when it is decided: in their order, but for those that are tried again or wait for a slow server, which come later"`
	DryRun        bool           `lua:"dry_run" doc:"read, fill, build and look at the messages of all rows and send none: run.problems says what is wrong"`
}

func mergeModule() *Module {
	return &Module{
		Name: "merge",
		Doc:  "One message for each row of a source, built on all processors, sent over several connections, tried again where the server says not now. See docs/merge.md.",
		Functions: []Function{
			{
				Name: "run", Params: []Param{{"merge", "merge.options", ""}}, Options: mergeOptions{}, Returns: "run",
				Doc: "Send a message for each row, and return once each is decided or left to a later run. Before anything is sent, all rows are read once: two rows with one key, or with one address, are a fault. " +
					"A row that cannot be read, described or built fails, and the others are sent.",
				Example: "local run = merge.run {\n  name = \"news-2026-11\", rows = csv.rows \"people.csv\", key = \"email\",\n  message = function(row)\n" +
					"    return { from = \"News <news@bank.example>\", to = row.email, subject = \"Hello \" .. row.name, text = \"Hello \" .. row.name }\n  end,\n" +
					"  on_result = function(row, result) if not result.ok then print(row.email, result.code) end end,\n}\nprint(run.sent, run.failed, run.deferred)",
				Call: func(c *Call) []lua.LValue {
					var o mergeOptions
					c.Options(0, &o)
					return values(c.object("run", c.merge(o)))
				},
			},
			openFunction(),
			suppressFunction(),
			{
				Name: "skip", Params: []Param{{"reason", "string", "why, for reports"}}, Returns: "skip",
				Doc:     "What message returns for a row that is to get nothing.",
				Example: `local nothing = merge.skip("no invoice this month")`,
				Call: func(c *Call) []lua.LValue {
					if c.String(0) == "" {
						c.Usage("", "a reason is missing")
					}
					return values(c.object("skip", &skipped{c.String(0)}))
				},
			},
		},
		Classes: []*Class{runClass(), problemClass(), {
			Name: "skip", Doc: "A row that is to get nothing, and why.",
			Text: func(self any) string { return "skip: " + self.(*skipped).reason },
		}},
	}
}

// skipped is what merge.skip makes.
type skipped struct{ reason string }

// mergeRun is what became of a merge.
type mergeRun struct {
	name     string
	counts   delivery.Counts
	problems []*Problem
	looked   bool            // nothing was to be sent
	handled  delivery.Counts // rows that the script took care of
}

func runClass() *Class {
	of := func(c *Call) *mergeRun { return c.Self.(*mergeRun) }
	count := func(name, doc string, get func(delivery.Counts) int64) Field {
		return Field{name, "integer", doc, func(c *Call) lua.LValue { return lua.LNumber(get(of(c).counts)) }}
	}
	return &Class{
		Name: "run",
		Doc:  "What became of a merge: how many rows ended in which way. Rows that did not get their message set the exit status of the script.",
		Fields: []Field{
			{"name", "string", "the name of the run", func(c *Call) lua.LValue { return lua.LString(of(c).name) }},
			count("rows", "all of them", func(n delivery.Counts) int64 { return n.Rows }),
			count("sent", "every recipient was accepted", func(n delivery.Counts) int64 { return n.Sent }),
			count("failed", "for good: refused, or the row could not be read, described or built", func(n delivery.Counts) int64 { return n.Failed }),
			count("deferred", "refused for now, and left to a later run", func(n delivery.Counts) int64 { return n.Deferred }),
			count("in_doubt", "may have arrived: the end was written and never answered", func(n delivery.Counts) int64 { return n.InDoubt }),
			count("skipped", "by merge.skip", func(n delivery.Counts) int64 { return n.Skipped }),
			count("suppressed", "the recipient is to get nothing", func(n delivery.Counts) int64 { return n.Suppressed }),
			count("duplicates", "had a key that an earlier row has", func(n delivery.Counts) int64 { return n.Duplicates }),
			count("already_sent", "by an earlier run of the name", func(n delivery.Counts) int64 { return n.AlreadySent }),
			count("good", "of a dry run: nothing is wrong with them", func(n delivery.Counts) int64 { return n.Good }),
			{"problems", "problem[]", "of a dry run: what is wrong with the other rows", func(c *Call) lua.LValue {
				return c.list(len(of(c).problems), func(i int) lua.LValue { return c.object("problem", of(c).problems[i]) })
			}},
		},
		Methods: runMethods(),
		Text: func(self any) string {
			r := self.(*mergeRun)
			if r.counts.Good > 0 || len(r.problems) > 0 {
				return fmt.Sprintf("%s: %d rows, %d good, nothing sent", r.name, r.counts.Rows, r.counts.Good)
			}
			return fmt.Sprintf("%s: %d sent, %d failed, %d deferred, %d in doubt", r.name, r.counts.Sent, r.counts.Failed, r.counts.Deferred, r.counts.InDoubt)
		},
	}
}

// merge reads the options, runs the merge and raises what ended it.
func (c *Call) merge(o mergeOptions) *mergeRun {
	run := &mergeRun{name: o.Name}
	if c.aside(o, run) {
		return run
	}
	m := c.newMerge(o, run)
	defer m.answers.close()
	options := c.deliveryOptions(o)
	var err error
	if o.DryRun || c.options.Check != nil {
		run.looked = true
		if c.options.Check != nil {
			m.sample, m.most = c.options.Check.Sample, c.options.Check.Rows
		}
		run.counts, run.problems, err = m.check(options.Duplicates, options.Addresses)
		c.API.problems = append(c.API.problems, run.problems...)
	} else {
		a := c.mergeAccount(o.Account)
		m.account = a.name
		connect := c.connector(a)
		if c.options.Ledger != "" {
			var leave func()
			options.Journal, leave = m.remember(o, options)
			defer leave()
			options.Examined = m.examined()
			c.begun(o.Name)
		}
		pool := smtp.NewPool(connect, smtp.PoolOptions{Connections: options.Connections})
		options.Pool = pool
		options.OnResult = m.result
		if c.options.Progress != nil {
			options.OnProgress = func(p delivery.Progress) { c.options.Progress(o.Name, p) }
		}
		begun := time.Now()
		run.counts, err = delivery.Run(m.context(), m.open, options)
		c.merged(run, time.Since(begun), err)
		goodbye, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), quitGrace)
		pool.Close(goodbye)
		cancel()
		c.rememberRefusal(a, err)
	}
	c.API.merges = append(c.API.merges, run)
	if err != nil {
		c.endMerge(run, err)
	}
	return run
}

// endMerge raises what ended a merge early.
func (c *Call) endMerge(run *mergeRun, err error) {
	c.stopAtLimit(err)
	if errors.Is(err, delivery.ErrStopped) || c.Context().Err() != nil {
		return // the user wants the run to end, and the script hears of that by itself
	}
	var raised *engine.LuaError
	var fault *engine.Fault
	if errors.As(err, &raised) {
		c.rt.Rethrow(c.L, raised)
	}
	if errors.As(err, &fault) {
		c.rt.Rethrow(c.L, fault)
	}
	f := c.fault(err)
	if errors.Is(err, delivery.ErrFinished) {
		f.Kind = engine.KindFinished
		f.Hint = "a new mailing needs a new name, such as one with the month in it"
	}
	var clash *delivery.ClashError
	if errors.As(err, &clash) {
		f.Hint = `mailscript check lists them all; duplicates = "first" and unique_address = false allow them`
	}
	worded := *f
	worded.Message = fmt.Sprintf("merge %q: %s", run.name, f.Message)
	c.rt.Raise(c.L, &worded)
}

func (c *Call) mergeAccount(v lua.LValue) account {
	switch v := v.(type) {
	case nil:
		return c.resolve(connectOptions{})
	case lua.LString:
		return c.resolve(connectOptions{Account: string(v)})
	case *lua.LTable:
		var o connectOptions
		c.decode(c.function.full+": account", v, &o)
		return c.resolve(o)
	}
	c.Usage("", `option "account" must be a name or a table, got %s`, engine.TypeName(v))
	return account{}
}

// maxConnections bounds what a script may ask for: servers refuse far fewer.
const maxConnections = 200

// deliveryOptions are what the pipeline is told.
func (c *Call) deliveryOptions(o mergeOptions) delivery.Options {
	d := &decoder{b: c.bound, L: c.L, path: c.function.full}
	options := delivery.Options{
		Connections: o.Connections, StopAfter: o.StopAfter,
		Doubt: delivery.DoubtPolicy(o.InDoubt), Duplicates: delivery.DuplicatePolicy(o.Duplicates), Edits: delivery.EditPolicy(o.Edited),
		Now: c.options.Now,
	}
	if o.Connections < 0 || o.Connections > maxConnections {
		c.Usage("", `option "connections" must be between 1 and %d, got %d`, maxConnections, o.Connections)
	}
	if c.options.Guard.Begin != nil {
		options.Connections = 1 // a limit is counted on one
	}
	if o.Rate != "" {
		rate, err := delivery.ParseRate(o.Rate)
		if err != nil {
			c.Usage(`"20/s", "100/min", "5000/h", "20/30min"`, `option "rate": %v`, err)
		}
		options.Rate = rate
	}
	if o.RetryFor != nil {
		if options.Retry.For = d.duration("retry_for", o.RetryFor); options.Retry.For == 0 {
			options.Retry.For = -1
		}
	}
	if o.Expire != nil {
		options.Retry.Expire = max(d.duration("expire", o.Expire), time.Nanosecond)
	}
	switch options.Doubt {
	case "", delivery.Hold, delivery.Resend, delivery.AssumeSent:
	default:
		c.Usage("", `option "in_doubt" must be "hold", "resend" or "assume-sent", got %q`, o.InDoubt)
	}
	switch options.Duplicates {
	case "", delivery.RefuseDuplicates, delivery.FirstDuplicate:
	default:
		c.Usage("", `option "duplicates" must be "refuse" or "first", got %q`, o.Duplicates)
	}
	switch options.Edits {
	case "", delivery.RefuseEdits, delivery.IgnoreEdits:
	default:
		c.Usage("", `option "edited" must be "refuse" or "ignore", got %q`, o.Edited)
	}
	if o.UniqueAddress != nil {
		unique, ok := o.UniqueAddress.(lua.LBool)
		if !ok {
			c.Usage("", `option "unique_address" must be true or false, got %s`, engine.TypeName(o.UniqueAddress))
		}
		if !bool(unique) {
			options.Addresses = delivery.AnyAddresses
		}
	}
	var limit *LimitReached
	options.Ends = func(err error) bool { return errors.As(err, &limit) }
	if ctx := c.options.Context; ctx != nil {
		options.Stop = ctx.Done()
	}
	return options
}

// Problems are what is wrong with the rows of merges that were only looked at.
func (a *API) Problems() []*Problem { return a.problems }

// Checked is how many rows such merges had, and how many of them are good.
func (a *API) Checked() (rows, good int64) {
	for _, m := range a.merges {
		rows += m.counts.Rows
		good += m.counts.Good
	}
	return rows, good
}

// Merges is how many merges ran.
func (a *API) Merges() int { return len(a.merges) }

// mergeTally adds what became of merges.
func (a *API) mergeTally(t *Tally) {
	for _, m := range a.merges {
		if m.looked {
			continue
		}
		t.Sent += int(m.counts.Sent)
		t.Failed += int(m.counts.Failed - m.handled.Failed)
		t.Deferred += int(m.counts.Deferred - m.handled.Deferred)
		t.InDoubt += int(m.counts.InDoubt - m.handled.InDoubt)
		t.Handled += int(m.handled.Failed + m.handled.Deferred + m.handled.InDoubt)
	}
}
