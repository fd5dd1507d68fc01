package ledger

import (
	"fmt"
	"strings"
)

// lostPrefix begins the key of a row that salvage found no more of than a hash. No key of
// a source begins with NUL.
const lostPrefix = "\x00lost "

func lostKey(id ID) string { return fmt.Sprintf("%s%d", lostPrefix, id) }

// lost reports whether no more is left of a row than the hash of its key. A row of the
// source with that hash is taken to be the one: at worst one in four thousand millions is
// held for a person to decide, where the other mistake would be to send one twice.
func (s *stored) lost() bool { return strings.HasPrefix(s.key, lostPrefix) }

// recognise gives a lost row its key and its recipients back.
func (r *Run) recognise(p *Row, id ID) error {
	r.forget(id)
	l := r.ledger
	update, err := l.prepared("update row set key = ?, number = ?, hash = ?, recipients = ? where id = ?")
	if err != nil {
		return err
	}
	l.pages++
	update.BindText(1, p.Key)
	update.BindInt64(2, p.Number)
	update.BindInt64(3, int64(p.Hash))
	bindRecipients(update, 4, p)
	update.BindInt64(5, rowID(r.id, id))
	if err := execute(update); err != nil {
		return err
	}
	for _, a := range p.Recipients {
		if fold(a) != fold(p.Key) {
			r.addAddress(l.hash(fold(a)), id)
		}
	}
	// What is not known of one recipient is not known of any.
	for n := 1; n < len(p.Recipients); n++ {
		err := l.run("insert or ignore into outcome (id, state, attempts, time, epoch, text) values (?, ?, 0, ?, ?, ?)",
			outcomeID(rowID(r.id, id), n), Unknown, milliseconds(l.now()), l.epoch, lostText)
		if err != nil {
			return err
		}
	}
	return nil
}

const lostText = "the ledger was damaged: what became of it is not known"
