package luaapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailscript/mailscript/rows"
)

// Export reads the rows of one merge of a script, and sends nothing: reports show them
// beside what became of them.
type Export struct {
	// Merge is the name of the run.
	Merge string
	// Row is told each row that has a key, in the order of the source. An error ends
	// the script, and is what its Run returns.
	Row func(ExportedRow) error
}

// ExportedRow is one row of the source.
type ExportedRow struct {
	Key    string
	Number int64
	// Columns are its names, and Cells their values as text; "" where there is none.
	Columns, Cells []string
}

// Exported ends a script whose rows were read: what it does afterwards nobody wants.
type Exported struct{ Merge string }

func (e *Exported) Error() string { return fmt.Sprintf("the rows of merge %q were read", e.Merge) }

// aside does what is to be done with a merge in place of sending, and reports whether
// there was something: one whose rows are wanted, or one that is not the merge wanted.
func (c *Call) aside(o mergeOptions, run *mergeRun) bool {
	switch {
	case c.options.Export != nil:
		run.looked = true
		if m := c.newMerge(o, run); o.Name == c.options.Export.Merge {
			m.export(c.options.Export)
		}
		return true
	case c.options.Resume != "" && c.options.Resume != o.Name:
		c.newMerge(o, run)
		run.looked = true
		c.notice(fmt.Sprintf("merge %q is not the one to resume: nothing of it was sent", o.Name))
		if c.options.Ledger == "" {
			return true
		}
		before, err := c.book().Summary(o.Name)
		if err != nil {
			c.Fail(err)
		}
		if before != nil {
			run.counts = countsOf(before.Counts)
		}
		return true
	}
	return false
}

// export hands out all rows and ends the script.
func (m *merge) export(to *Export) {
	reader, err := m.rows.Open(m.Context())
	if err != nil {
		m.Fail(err)
	}
	defer reader.Close()
	for {
		row, err := m.read(reader)
		if err == io.EOF {
			m.rt.Abort(m.L, &Exported{to.Merge})
		}
		var bad *rows.Error
		if errors.As(err, &bad) && !bad.Fatal {
			continue // it was not sent, nor is it in the ledger
		}
		if err != nil {
			m.failRow(err)
		}
		key, err := m.keyOf(row)
		if err != nil {
			continue
		}
		one := ExportedRow{Key: key, Number: row.Number(), Columns: row.Columns().Names(), Cells: make([]string, row.Len())}
		for i := range one.Cells {
			one.Cells[i] = cellText(row, i)
		}
		if err := to.Row(one); err != nil {
			m.rt.Abort(m.L, err)
		}
	}
}

// cellText is a cell as a table of texts has it.
func cellText(row *rows.Row, i int) string {
	if text, ok := row.Text(i); ok {
		return text
	}
	value, err := row.At(i)
	if err != nil {
		return "" // the row failed because of it
	}
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case time.Time:
		return value.Format(time.RFC3339)
	case fmt.Stringer:
		return value.String()
	case bool, int64, float64:
		return fmt.Sprint(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// begun tells that a merge keeps the ledger from now on.
func (c *Call) begun(name string) {
	if c.options.Begun != nil {
		c.options.Begun(name)
	}
}

// merged tells what became of a merge that was to send. One that ended before its first row
// has nothing to tell but why.
func (c *Call) merged(run *mergeRun, elapsed time.Duration, err error) {
	if c.options.Merged != nil && (err == nil || run.counts.Rows > 0) {
		c.options.Merged(run.name, run.counts, elapsed)
	}
}
