package luaapi

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/template"
	lua "github.com/yuin/gopher-lua"
)

// merge makes jobs of rows. All but what it leaves to be built runs on the script's
// thread.
type merge struct {
	*Call
	run      *mergeRun
	name     string
	key      string
	rows     rows.Source
	message  *lua.LFunction
	onResult *lua.LFunction
	kept     *ledger.Run // nil where nothing is remembered
	account  string
	at       time.Time // the Date of every message, and of its signatures
	seed     []byte    // what Message-IDs and boundaries come from, beside the key
	most     int64     // how many rows there are to be, 0 is all
	sample   *Sample   // keeps messages that are only looked at, nil where nobody wants them
	spare    sync.Pool // of *rand.ChaCha8, which make digits of a seed

	describe  *lua.LFunction // calls message under protection
	row       *rows.Row      // that describe is about
	made      *described     // of it
	looked    described      // of a row that is only looked at
	telling   Call           // reads what message returns
	describer describer      // so does this
	constants constants      // in the data of templates
	answers   answers        // to message, while the rows are looked at
}

// described is what a script said of a row.
type described struct {
	skip        string
	description mime.Description
	letter      *template.Template
	data        data
	signing     signing
}

func (c *Call) newMerge(o mergeOptions, run *mergeRun) *merge {
	for _, missing := range []struct {
		name string
		is   bool
	}{{"name", o.Name == ""}, {"rows", o.Rows == nil}, {"key", o.Key == ""}, {"message", o.Message == nil}} {
		if missing.is {
			c.Usage("merge.run { name = …, rows = …, key = …, message = function(row) … end }", "option %q is missing", missing.name)
		}
	}
	now := time.Now
	if c.options.Now != nil {
		now = c.options.Now
	}
	m := &merge{
		Call: c, run: run, name: o.Name, key: o.Key, message: o.Message, onResult: o.OnResult,
		rows: c.rowsOf(o.Rows), at: now().Truncate(time.Second), seed: []byte(o.Name),
	}
	m.describe = c.rt.NewFunction(c.function.full, m.take)
	m.answers.spool.most = mostAnswered
	if c.options.Ledger != "" {
		m.answers.spool.folder = filepath.Join(c.options.Ledger, ledger.FolderName) // its disk has room for something of each row
	}
	return m
}

// context is that of the pipeline. It outlives the first Ctrl-C, so that what is on its
// way is waited for.
func (m *merge) context() context.Context { return context.WithoutCancel(m.Context()) }

// open is the source of the pipeline.
func (m *merge) open(ctx context.Context, need delivery.Need) (delivery.Rows, error) {
	reader, err := m.rows.Open(ctx)
	if err != nil {
		return delivery.Rows{}, err
	}
	m.answers.begin(need)
	taken := int64(0)
	var describe func(*delivery.Job) error
	if need == delivery.NeedKeys {
		describe = func(job *delivery.Job) error { return m.tell(job, delivery.NeedLetters) }
	}
	return delivery.Rows{
		Describe: describe,
		Next: func() (delivery.Job, error) {
			if m.Context().Err() != nil || m.most > 0 && taken == m.most {
				return delivery.Job{}, io.EOF // no script is left to ask, or nothing more to look at
			}
			taken++
			return m.next(reader, need)
		},
		Close: reader.Close,
	}, nil
}

// next makes a job of the next row. What is wrong with the row is the job's fault.
func (m *merge) next(reader rows.Reader, need delivery.Need) (delivery.Job, error) {
	row, err := m.read(reader)
	if err != nil {
		var fault *rows.Error
		if errors.As(err, &fault) && !fault.Fatal {
			return delivery.Job{Number: fault.Row, Place: fault.Place, Err: err}, nil
		}
		return delivery.Job{}, err
	}
	job := delivery.Job{Number: row.Number(), Place: row.Place(), Row: row}
	if job.Key, err = m.keyOf(row); err != nil {
		job.Err = err
		return job, nil
	}
	sum := row.Hash()
	job.Hash = binary.LittleEndian.Uint64(sum[:])
	if need == delivery.NeedKeys {
		return job, nil
	}
	err = m.tell(&job, need)
	return job, err
}

// tell adds to a job what the script's function says of its row, or has said.
func (m *merge) tell(job *delivery.Job, need delivery.Need) error {
	if !m.recall(job) {
		made := &m.looked
		if need == delivery.NeedLetters {
			made = new(described)
		}
		if err := m.ask(job, made); err != nil {
			return err
		}
		if need == delivery.NeedRecipients && job.Err == nil {
			m.answers.keep(job, m.made, &m.constants)
		}
	}
	if need == delivery.NeedRecipients {
		// A message with a mistake counts as one to its recipients: it may be mended.
		if envelope, err := envelopeOf(&m.made.description); job.Err != nil && err == nil {
			job.Err, job.Envelope = nil, envelope
		}
		return nil
	}
	if job.Err != nil || job.Skip != "" {
		return nil
	}
	signers, err := m.signers(domainsOf(m.made.description), m.made.signing, m.account)
	if err != nil {
		return err
	}
	job.Build = m.builder(job.Row.(*rows.Row), job.Key, m.made, signers)
	return nil
}

// recall is ask where the answer was kept.
func (m *merge) recall(job *delivery.Job) bool {
	if m.made = m.answers.find(job); m.made == nil {
		return false
	}
	if job.Skip = m.made.skip; job.Skip != "" {
		return true
	}
	var err error
	job.Envelope, err = envelopeOf(&m.made.description)
	return err == nil
}

// ask calls the script's function. What it returns is made, and m.made, and the job has its
// envelope, or why there is none.
func (m *merge) ask(job *delivery.Job, made *described) error {
	row := job.Row.(*rows.Row)
	*made = described{}
	m.row, m.made = row, made
	if _, err := m.rt.Call(m.L, m.describe, 0); err != nil {
		if m.Context().Err() != nil {
			return err
		}
		job.Err = at(row.Place(), err)
		return nil
	}
	if job.Skip = m.made.skip; job.Skip != "" {
		return nil
	}
	var err error
	if job.Envelope, err = envelopeOf(&m.made.description); err != nil {
		job.Err = at(row.Place(), m.bound.fault(err))
	}
	return nil
}

// builder is a job's Build.
func (m *merge) builder(row *rows.Row, key string, made *described, signers []*dkimSigner) func(context.Context) (delivery.Letter, error) {
	return func(ctx context.Context) (delivery.Letter, error) {
		letter, err := m.build(ctx, key, made, signers)
		if err != nil {
			return delivery.Letter{}, at(row.Place(), err)
		}
		return letter, nil
	}
}

// at says where the row is that an error is about, unless the error says so itself.
func at(place rows.Place, err error) error {
	var cell *rows.Error
	var blank *template.Error
	if errors.As(err, &cell) || errors.As(err, &blank) && blank.Row != "" {
		return err
	}
	return &rowError{place, err}
}

// rowError is what is wrong with a row, and where that is.
type rowError struct {
	place rows.Place
	err   error
}

func (e *rowError) Error() string { return e.place.String() + ": " + e.err.Error() }

func (e *rowError) Unwrap() error { return e.err }

// maxKey bounds the text that tells a row apart, in octets.
const maxKey = 1 << 10

// keyOf is the text of the key column.
func (m *merge) keyOf(row *rows.Row) (string, error) {
	i, ok := row.Columns().Index(m.key)
	if !ok {
		_, err := row.Get(m.key)
		return "", err
	}
	fault := func(format string, a ...any) error {
		return &rows.Error{
			Place: row.Place(), Column: m.key, Cell: i + 1, Text: fmt.Sprintf(format, a...),
			Hint: "the key tells rows apart when the run is resumed: it must be there, and different in each row",
		}
	}
	value, err := row.At(i)
	if err != nil {
		return "", err
	}
	var key string
	switch value := value.(type) {
	case nil:
		return "", fault("the key is empty")
	case string:
		key = value
	case int64:
		key = strconv.FormatInt(value, 10)
	case fmt.Stringer:
		key = value.String()
	default:
		return "", fault("a %T cannot be a key", value)
	}
	if len(key) > maxKey {
		return "", fault("the key is longer than %d octets", maxKey)
	}
	return key, nil
}

// take calls the script's function for a row and reads what it returns. It is called
// through Lua, so that whatever it raises is an error of the row.
func (m *merge) take(L *lua.LState) int {
	L.Push(m.message)
	L.Push(m.object("row", m.row))
	L.Call(1, 1)
	v := L.Get(-1)
	L.Pop(1)
	c := &m.telling
	*c = Call{bound: m.bound, L: L, function: messageOfRow}
	switch v := v.(type) {
	case *lua.LTable:
		d := &m.describer
		*d = describer{c: c, constants: &m.constants}
		m.made.description = emptyDescription()
		d.read(&m.made.description, v)
		m.made.letter, m.made.data, m.made.signing = d.letter, d.data, d.signing
		return 0
	case *lua.LUserData:
		switch value := v.Value.(type) {
		case *skipped:
			m.made.skip = value.reason
			return 0
		case *letter:
			c.Usage("return the table that mime.message was given", "the function must return a description, and not a message that is built already")
		}
	}
	c.Usage(`write return { from = …, to = row.email, … }, or return merge.skip("why")`,
		"the function must return a description or merge.skip(reason), got %s", engine.TypeName(v))
	return 0
}

// messageOfRow names the script's function in errors.
var messageOfRow = &Function{full: "message"}

// envelopeOf is what the server would be told of a description.
func envelopeOf(d *mime.Description) (smtp.Envelope, error) {
	from, to, err := d.Recipients()
	if err != nil {
		return smtp.Envelope{}, err
	}
	envelope := smtp.Envelope{From: from.Mailbox, To: make([]string, len(to))}
	for i, address := range to {
		envelope.To[i] = address.Mailbox
	}
	return envelope, nil
}

// build makes the message of a row. It runs on any goroutine, and makes the same octets
// each time.
func (m *merge) build(ctx context.Context, key string, d *described, signers []*dkimSigner) (delivery.Letter, error) {
	description := d.description
	if d.letter != nil {
		if err := fill(ctx, &description, d.letter, d.data); err != nil {
			return delivery.Letter{}, err
		}
	}
	digits, _ := m.spare.Get().(*rand.ChaCha8)
	if digits == nil {
		digits = new(rand.ChaCha8)
	}
	digits.Seed(m.digits(key))
	made, err := mime.Build(description, mime.Environment{Now: m.now, Random: digits})
	m.spare.Put(digits)
	if err != nil {
		return delivery.Letter{}, err
	}
	l := &letter{Message: made}
	content := l.content()
	if len(signers) > 0 {
		if content, err = l.signed(signers, m.at); err != nil {
			return delivery.Letter{}, err
		}
	}
	return delivery.Letter{Content: content, MessageID: made.ID()}, nil
}

func (m *merge) now() time.Time { return m.at }

// digits are what a message's Message-ID and boundaries come from: they follow from the
// names of run and row, so that each attempt is the same.
func (m *merge) digits(key string) [32]byte {
	var room [128]byte
	text := append(strconv.AppendInt(room[:0], int64(len(m.seed)), 10), ' ')
	text = append(append(append(text, m.seed...), ' '), key...)
	return sha256.Sum256(text)
}

// result tells the script what became of a row.
func (m *merge) result(r delivery.Result) error {
	if m.options.OnResult != nil && len(r.Sent.Recipients) > 0 {
		m.options.OnResult(Event{MessageID: r.MessageID, Account: m.account, Result: r.Sent, Fault: r.Err})
	}
	if m.onResult == nil || m.Context().Err() != nil {
		return nil
	}
	row := lua.LValue(lua.LNil)
	if given, ok := r.Job.Row.(*rows.Row); ok {
		row = m.object("row", given)
	}
	_, err := m.rt.Call(m.L, m.onResult, 0, row, m.object("result", m.resultOf(r)))
	return err
}

// resultOf is the result of a row as scripts see it.
func (m *merge) resultOf(r delivery.Result) *result {
	one := &result{Result: r.Sent, id: r.MessageID, account: m.account, reason: r.Reason}
	if one.Outcome == "" || len(one.Recipients) == 0 {
		one.Outcome = smtp.Outcome(r.Outcome)
	}
	if r.Err != nil {
		one.reason = r.Err.Error()
	}
	switch r.Outcome {
	case delivery.Skipped, delivery.Suppressed, delivery.Duplicate, delivery.AlreadySent:
		one.nothing = true
	}
	outcome, handled := r.Outcome, false
	one.settle = func() {
		if handled {
			return
		}
		handled = true
		switch outcome {
		case delivery.Failed:
			m.run.handled.Failed++
		case delivery.Deferred:
			m.run.handled.Deferred++
		case delivery.InDoubt:
			m.run.handled.InDoubt++
		}
	}
	return one
}
