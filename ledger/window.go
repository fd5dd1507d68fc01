package ledger

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// window is a batch of rows in doubt: one record, which shrinks as they are settled.
type window struct {
	id    int64
	rows  []ID
	dirty bool
}

func (r *Run) doubt(b *Batch) (err error) {
	ids := b.Doubt
	if len(ids) == 0 {
		return nil
	}
	l := r.ledger
	var via, messages any // null
	if b.Via != "" {
		if via, err = l.viaID(b.Via); err != nil {
			return err
		}
	}
	if b.Messages != nil {
		messages = packMessages(ids, b.Messages)
		l.pages++
	}
	if err := l.point("doubt.before"); err != nil {
		return err
	}
	w := &window{rows: append([]ID(nil), ids...)}
	var record any // null is a new one
	if w.id = r.emptied(); w.id != 0 {
		record = w.id
	}
	err = l.run("insert or replace into doubt (id, run, epoch, time, rows, messages, via) values (?, ?, ?, ?, ?, ?, ?)",
		record, r.id, l.epoch, milliseconds(l.now()), packIDs(w.rows), messages, via)
	if err != nil {
		return err
	}
	if w.id == 0 {
		w.id = l.conn.LastInsertRowID()
	}
	for _, id := range ids {
		r.rows[id] |= doubted
		r.windows[id] = w
	}
	l.pages += 2
	return l.point("doubt.after")
}

// emptied takes the record of a batch of which nothing is left, for another one; 0 where there
// is none. To write over it is cheaper than to delete it and to make room elsewhere.
func (r *Run) emptied() int64 {
	for i, w := range r.dirty {
		if len(w.rows) == 0 {
			r.dirty = slices.Delete(r.dirty, i, i+1)
			return w.id
		}
	}
	return 0
}

// leave takes a row out of doubt.
func (r *Run) leave(id ID) {
	w := r.windows[id]
	if w == nil {
		return
	}
	delete(r.windows, id)
	r.rows[id] &^= doubted
	for i, other := range w.rows {
		if other == id {
			w.rows[i] = w.rows[len(w.rows)-1]
			w.rows = w.rows[:len(w.rows)-1]
			break
		}
	}
	if !w.dirty {
		w.dirty = true
		r.dirty = append(r.dirty, w)
	}
}

// writeWindows writes what is left of batches.
func (r *Run) writeWindows() error {
	l := r.ledger
	for _, w := range r.dirty {
		w.dirty = false
		var err error
		if len(w.rows) == 0 {
			if err = l.point("window.delete"); err == nil {
				err = l.run("delete from doubt where id = ?", w.id)
			}
		} else if err = l.point("window.update"); err == nil {
			err = l.run("update doubt set rows = ? where id = ?", packIDs(w.rows), w.id)
		}
		if err != nil {
			return err
		}
	}
	r.dirty = r.dirty[:0]
	return nil
}

// packMessages is a line for each row that has a Message-ID, below one with their domain
// where that of all is the same: a record is to be small.
func packMessages(ids []ID, messages []string) string {
	domain := commonDomain(messages)
	size := len(domain) + 1
	for _, message := range messages {
		size += len("4294967295 \n") + len(message)
	}
	var b strings.Builder
	b.Grow(size)
	if domain != "" {
		b.WriteString(domain)
		b.WriteByte('\n')
	}
	var digits [10]byte
	for i, id := range ids {
		if message := messages[i]; message != "" && !strings.Contains(message, "\n") {
			b.Write(strconv.AppendUint(digits[:0], uint64(id), 10))
			b.WriteByte(' ')
			b.WriteString(strings.TrimSuffix(message, domain))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// commonDomain is how all Message-IDs end, from their @ on; "" where they do not.
func commonDomain(messages []string) string {
	if len(messages) < 2 {
		return ""
	}
	domain := messages[0][max(0, strings.LastIndexByte(messages[0], '@')):]
	if !strings.HasPrefix(domain, "@") || strings.ContainsAny(domain, " \n") {
		return ""
	}
	for _, message := range messages {
		if !strings.HasSuffix(message, domain) {
			return ""
		}
	}
	return domain
}

func eachMessage(lines string, yield func(ID, string)) {
	domain := ""
	for line := range strings.Lines(lines) {
		number, message, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !found {
			domain = number
			continue
		}
		if id, err := strconv.ParseUint(number, 10, 32); err == nil {
			yield(ID(id), message+domain)
		}
	}
}

func packIDs(ids []ID) []byte {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return b
}

func unpackIDs(b []byte) []ID {
	ids := make([]ID, 0, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		ids = append(ids, ID(binary.LittleEndian.Uint32(b)))
	}
	return ids
}
