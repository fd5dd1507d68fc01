package ledger

import "zombiezen.com/go/sqlite"

// examinedTable is made when it is first needed: a ledger is as good without it, to this
// version and to those that do not know it. What it says holds for one edition of a run.
const examinedTable = `create table if not exists examined (
	run integer primary key,
	epoch integer not null,   -- of the edition
	settings text not null,
	template text not null,
	sum blob not null
) strict`

// NoteExamined notes that all rows of the source were looked at, with settings and template
// as they are, and what their sum was.
func (r *Run) NoteExamined(sum []byte) error {
	return r.ledger.commit("what was examined", func() error {
		if err := r.ledger.run(examinedTable); err != nil {
			return err
		}
		return r.ledger.run(`insert or replace into examined
			select run, epoch, settings, template, ? from edition where run = ? order by epoch desc limit 1`, sum, r.id)
	})
}

// Examined is what NoteExamined was told last, nil where there is nothing or the run has
// had other settings or another template since.
func (r *Run) Examined() (sum []byte, err error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readable(); err != nil {
		return nil, err
	}
	there, err := l.integer("select count(*) from sqlite_schema where name = 'examined'")
	if err != nil || there == 0 {
		return nil, l.explain(err)
	}
	err = l.query(`select sum from examined natural join edition
		where run = ? and epoch = (select max(epoch) from edition where run = ?)`, func(s *sqlite.Stmt) error {
		sum = columnBytes(s, 0)
		return nil
	}, r.id, r.id)
	return sum, l.explain(err)
}
