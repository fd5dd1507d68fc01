package luaapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/ledger"
	lua "github.com/yuin/gopher-lua"
)

// book is the ledger of the project, opened once a run.
func (c *Call) book() *ledger.Ledger {
	if c.API.book == nil {
		options := ledger.Options{Clock: c.options.Now}
		if c.options.Takeover {
			options.Takeover = ledger.TakeOver
		}
		opened, err := c.options.Books.take(c.Context(), c.options.Ledger, options)
		if err != nil {
			c.Fail(err)
		}
		c.API.book = opened
	}
	return c.API.book.ledger
}

// remember lets a merge go on where an earlier one of its name ended, and keep what
// becomes of its rows. The merge is to call leave when it has ended.
func (m *merge) remember(o mergeOptions, d delivery.Options) (journal delivery.Journal, leave func()) {
	policy := d.Doubt
	if policy == "" {
		policy = delivery.Hold
	}
	settings := ledger.Settings{Settings: "key " + o.Key, Template: m.letterSum(), InDoubt: ledger.Policy(policy)}
	if d.Addresses == delivery.AnyAddresses {
		settings.Addresses = ledger.AnyAddress
	}
	switch o.Changed {
	case "", "refuse":
	case "accept":
		settings.Changed = ledger.AcceptChanges
	default:
		m.Usage("", `option "changed" must be "refuse" or "accept", got %q`, o.Changed)
	}
	if m.options.AcceptChanges {
		settings.Changed = ledger.AcceptChanges
	}
	book := m.book()
	if before, err := book.Summary(o.Name); err == nil && before != nil {
		if n := before.Counts; n.Sent+n.Failed+n.Deferred+n.InDoubt+n.Unknown == 0 {
			settings.Changed = ledger.AcceptChanges // nobody was sent anything else
		}
	}
	run, leave := m.enter(o.Name, settings)
	m.at, m.seed, m.kept = run.Date, run.Seed, run
	return delivery.Durable(run, policy), leave
}

// noteLetter notes what a template is made of.
func (a *API) noteLetter(text string) {
	sum := sha256.Sum256([]byte(text))
	a.letters = append(a.letters, hex.EncodeToString(sum[:]))
}

// noteLetterFiles notes the files that a template was loaded from, and all layouts and
// partials it may use.
func (c *Call) noteLetterFiles(name string, o templateOptions) {
	files := c.projectFiles()
	var all strings.Builder
	fmt.Fprintf(&all, "%+v", o)
	add := func(file string) {
		if text, err := fs.ReadFile(files, file); err == nil {
			fmt.Fprintf(&all, "%s %d %s", file, len(text), text)
		}
	}
	for _, ending := range []string{".html", ".md", ".txt"} {
		add(name + ending)
	}
	for _, folder := range []string{"layouts", "partials", path.Join(path.Dir(name), "layouts"), path.Join(path.Dir(name), "partials")} {
		_ = fs.WalkDir(files, folder, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				add(file)
			}
			return nil
		})
	}
	c.noteLetter(all.String())
}

// letterSum tells what the run sends from what another text of script or templates would.
func (a *API) letterSum() string {
	letters := slices.Clone(a.letters)
	slices.Sort(letters)
	sum := sha256.Sum256([]byte(a.options.Script + " " + strings.Join(slices.Compact(letters), " ")))
	return hex.EncodeToString(sum[:16])
}

func openFunction() Function {
	return Function{
		Name: "open", Params: []Param{{"name", "string", "of a run"}}, Returns: "run?",
		Doc:     "What the ledger knows of a run of that name, nil where there was none: how many rows ended in which way, as of now.",
		Example: "local before = merge.open(\"news-2026-10\")\nif before then print(before.sent, before.failed) end",
		Call: func(c *Call) []lua.LValue {
			if c.options.Ledger == "" {
				return values(lua.LNil) // a rehearsal remembers nothing
			}
			summary, err := c.book().Summary(c.String(0))
			if err != nil {
				c.Fail(err)
			}
			if summary == nil {
				return values(lua.LNil)
			}
			return values(c.object("run", &mergeRun{name: summary.Name, looked: true, counts: countsOf(summary.Counts)}))
		},
	}
}

// countsOf are the counts of a ledger as a merge counts.
func countsOf(n ledger.Counts) delivery.Counts {
	return delivery.Counts{
		Rows: n.Rows, Sent: n.Sent, Failed: n.Failed, Deferred: n.Deferred, InDoubt: n.InDoubt + n.Unknown,
		Skipped: n.Skipped, Suppressed: n.Suppressed, Duplicates: n.Duplicate,
	}
}

func suppressFunction() Function {
	return Function{
		Name: "suppress", Params: []Param{{"address", "string|address", "who gets nothing any more"}, {"reason", "string", "why, for reports"}},
		Doc:     "Put an address on the list of those who get nothing, from no merge of the project. Rows that are on their way already are sent.",
		Example: `merge.suppress("ann@example.org", "unsubscribed by telephone")`,
		Call: func(c *Call) []lua.LValue {
			if strings.TrimSpace(c.String(1)) == "" {
				c.Usage("", "a reason is missing")
			}
			address := c.wireAddress(0)
			if address == "" {
				c.Usage("", "the address is empty")
			}
			if c.options.Ledger == "" {
				return nil // in a rehearsal nothing is remembered
			}
			now := time.Now
			if c.options.Now != nil {
				now = c.options.Now
			}
			if err := c.book().Suppress([]ledger.Suppression{{Address: address, Reason: c.String(1), Since: now()}}); err != nil {
				c.Fail(err)
			}
			return nil
		},
	}
}
