package luaapi

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailscript/mailscript/ledger"
)

// LedgerRow is one recipient of a row of a run and what became of it, as reports show it.
type LedgerRow struct {
	Key       string            `json:"key"`
	Row       int64             `json:"row"`
	Address   string            `json:"address"`
	Outcome   string            `json:"outcome"`
	Code      int               `json:"code,omitempty"`
	Enhanced  string            `json:"enhanced,omitempty"`
	Text      string            `json:"text,omitempty"`
	Time      *time.Time        `json:"time,omitempty"`
	Attempts  int               `json:"attempts"`
	Next      *time.Time        `json:"next,omitempty"`
	MessageID string            `json:"message_id,omitempty"`
	Via       string            `json:"via,omitempty"`
	Columns   map[string]string `json:"columns,omitempty"`

	// Source is what the source has in the row, nil where it has it no more or nobody asked.
	Source *ExportedRow `json:"-"`
}

// LedgerRowOf is one of the recipients of an item.
func LedgerRowOf(item *ledger.Item, to *ledger.Recipient) LedgerRow {
	return LedgerRow{
		Key: item.Key, Row: item.Number, Address: to.Address, Outcome: OutcomeName(to.State), Code: to.Code, Enhanced: to.Enhanced, Text: to.Text,
		Time: known(to.Time), Attempts: to.Attempts, Next: known(to.Next), MessageID: to.Message, Via: to.Via,
	}
}

// known is a time, nil where there is none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// OutcomeName is a state as results and exports call it. Who looks from outside cannot
// tell what is on its way from what may have arrived.
func OutcomeName(s ledger.State) string {
	switch s {
	case ledger.Unknown, ledger.InDoubt:
		return "in_doubt"
	}
	return s.String()
}

// ledgerStates are the states that recipients may be found in.
var ledgerStates = [...]ledger.State{
	ledger.Planned, ledger.Sent, ledger.Failed, ledger.Deferred, ledger.Unknown, ledger.InDoubt, ledger.Skipped, ledger.Suppressed, ledger.Duplicate,
}

// ledgerColumns are those of a LedgerRow, in the order of exports.
var ledgerColumns = [...]string{"key", "row", "address", "outcome", "code", "enhanced", "text", "time", "attempts", "next", "message_id", "via"}

// cells are the values for ledgerColumns; nil is what is not known.
func (r *LedgerRow) cells() []any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	at := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return *t
	}
	code := any(nil)
	if r.Code != 0 {
		code = int64(r.Code)
	}
	return []any{
		r.Key, r.Row, text(r.Address), r.Outcome, code, text(r.Enhanced), text(r.Text), at(r.Time), int64(r.Attempts), at(r.Next), text(r.MessageID), text(r.Via),
	}
}

// LedgerWriter writes rows of a ledger in some form.
type LedgerWriter interface {
	Row(*LedgerRow) error
	// End completes what was written.
	End() error
}

// LedgerJSON writes an object a line.
type LedgerJSON struct{ to *json.Encoder }

// NewLedgerJSON writes to w.
func NewLedgerJSON(w io.Writer) *LedgerJSON {
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	return &LedgerJSON{to}
}

// Row implements LedgerWriter.
func (j *LedgerJSON) Row(r *LedgerRow) error {
	if r.Source != nil {
		r.Columns = make(map[string]string, len(r.Source.Columns))
		for i, name := range r.Source.Columns {
			r.Columns[name] = r.Source.Cells[i]
		}
	}
	return j.to.Encode(r)
}

// End implements LedgerWriter.
func (j *LedgerJSON) End() error { return nil }

// LedgerCSV writes the columns of the source, those of the first row it sees, and then
// those of the ledger, so that the file can be a source again.
type LedgerCSV struct {
	// Joined is set where rows have a Source: the first that has one is waited for.
	Joined bool
	// Left are columns of the source that the first row has not, and that were left out.
	Left []string

	to      *csv.Writer
	begun   bool
	columns []string
	early   []LedgerRow // that the source has no more, before any that it has
}

// NewLedgerCSV writes to w.
func NewLedgerCSV(w io.Writer) *LedgerCSV { return &LedgerCSV{to: csv.NewWriter(w)} }

func (c *LedgerCSV) begin(source *ExportedRow) error {
	c.begun = true
	if source != nil {
		c.columns = source.Columns
	}
	header := slices.Clone(c.columns)
	for _, name := range ledgerColumns {
		if slices.Contains(c.columns, name) {
			name = "mail_" + name
		}
		header = append(header, name)
	}
	return c.to.Write(header)
}

// Row implements LedgerWriter.
func (c *LedgerCSV) Row(r *LedgerRow) error {
	if !c.begun && c.Joined && r.Source == nil {
		c.early = append(c.early, *r)
		return nil
	}
	if !c.begun {
		if err := c.begin(r.Source); err != nil {
			return err
		}
	}
	cells := make([]string, len(c.columns), len(c.columns)+len(ledgerColumns))
	if r.Source != nil {
		for i, name := range r.Source.Columns {
			if at := slices.Index(c.columns, name); at >= 0 {
				cells[at] = r.Source.Cells[i]
			} else if !slices.Contains(c.Left, name) {
				c.Left = append(c.Left, name)
			}
		}
	}
	for i, value := range r.cells() {
		cell := ""
		switch value := value.(type) {
		case string:
			cell = value
			if ledgerColumns[i] == "text" {
				cell = harmless(value)
			}
		case int64:
			cell = strconv.FormatInt(value, 10)
		case time.Time:
			cell = value.UTC().Format(time.RFC3339)
		}
		cells = append(cells, cell)
	}
	return c.to.Write(cells)
}

// End implements LedgerWriter.
func (c *LedgerCSV) End() error {
	if !c.begun {
		if err := c.begin(nil); err != nil {
			return err
		}
	}
	for i := range c.early {
		if err := c.Row(&c.early[i]); err != nil {
			return err
		}
	}
	c.to.Flush()
	return c.to.Error()
}

// harmless keeps spreadsheets from taking what a server wrote as a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
