package ledger

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// applicationID marks an SQLite file as a ledger: "mslg".
const applicationID = 0x6d736c67

// schemaVersion is that of the tables below. A ledger of a newer one is refused; an older
// one is brought up to date when it is opened for writing (upgrades).
const schemaVersion = 2

// schema is laid out for writing at the end of tables. A row never changes after it was
// planned (unless it is edited before its first attempt), so that pages stay full; what
// became of it is a record of another table.
//
// The identifier of a row is run<<32 | ordinal, and that of an outcome is row<<14 | number
// of the recipient: one run is one range of either table, and no index is needed.
const schema = `
create table ledger (
	id integer primary key check (id = 1),
	name text not null,       -- of this ledger, random
	seed blob not null,       -- of the hashes of keys
	epoch integer not null,   -- raised by each opening
	host text not null,       -- where it lives
	file text not null        -- which file it is there
) strict;
create table opening (
	epoch integer primary key,
	time integer not null,    -- times are milliseconds since 1970
	pid integer not null,
	host text not null
) strict;
create table run (
	id integer primary key,
	name text not null unique,
	created integer not null,
	seed blob not null,
	in_doubt text not null,
	last integer not null default 0,  -- ordinal
	planned integer not null default 0,
	sent integer not null default 0,
	failed integer not null default 0,
	skipped integer not null default 0,
	suppressed integer not null default 0,
	duplicate integer not null default 0,
	deferred integer not null default 0,
	unknown integer not null default 0
) strict;
create table edition (
	run integer not null,
	epoch integer not null,   -- the first it was used in
	time integer not null,
	settings text not null,   -- hashes, or whatever tells one from another
	template text not null,
	primary key (run, epoch)
) strict, without rowid;
create table row (
	id integer primary key,
	key text not null,
	number integer not null,  -- in the source, from 1
	hash integer not null,    -- of the content
	recipients text           -- separated by line feeds; null is the key itself
) strict;
create table outcome (
	id integer primary key,
	state integer not null,
	attempts integer not null,
	next integer,             -- when to try again
	time integer not null,
	epoch integer not null,
	code integer,
	enhanced text,
	text text,                -- the reply, or the reason
	queue text,               -- the server's name for the message
	via integer,              -- in table via
	message text,             -- Message-ID
	sum blob,                 -- of the message's octets, where it may be sent again
	first integer             -- when the first attempt was; null where that is the time above
) strict;
create index open on outcome (id >> 46, state, next) where state > 7;
create table via (
	id integer primary key,
	text text not null unique
) strict;
create table doubt (
	id integer primary key,
	run integer not null,
	epoch integer not null,
	time integer not null,
	rows blob not null,       -- ordinals, four octets each
	messages text,            -- a line for each: ordinal, space, Message-ID, without its end where a line before says it; also for those that are settled
	via integer               -- in table via
) strict;
create table chunk (
	run integer not null,
	first integer not null,   -- ordinal of the first hash
	hashes blob not null,     -- of keys, four octets each, in the order of ordinals
	others blob not null,     -- of addresses that are not the key: ordinal and hash
	primary key (run, first)
) strict, without rowid;
create table suppression (
	address text primary key,
	reason text not null,
	time integer not null
) strict, without rowid;
`

// upgrades are what makes a ledger of one version one of the next, from version 1 on.
var upgrades = [schemaVersion - 1]string{
	"alter table doubt add column messages text; alter table doubt add column via integer;",
}

// Limits of the identifiers.
const (
	recipientBits = 14
	ordinalBits   = 32

	// MaxRecipients is how many envelope recipients a row has at most.
	MaxRecipients = 1 << recipientBits
	maxOrdinal    = 1<<ordinalBits - 1
	maxRun        = 1<<17 - 1
)

func rowID(run int64, ordinal ID) int64        { return run<<ordinalBits | int64(ordinal) }
func outcomeID(row int64, recipient int) int64 { return row<<recipientBits | int64(recipient) }
func splitRow(row int64) (run int64, id ID)    { return row >> ordinalBits, ID(row & maxOrdinal) }

// createSchema makes the tables in an empty database.
func createSchema(c *sqlite.Conn) error {
	if err := sqlitex.ExecuteScript(c, schema, nil); err != nil {
		return err
	}
	for _, pragma := range []string{
		fmt.Sprintf("pragma application_id = %d", applicationID),
		fmt.Sprintf("pragma user_version = %d", schemaVersion),
	} {
		if err := sqlitex.ExecuteTransient(c, pragma, nil); err != nil {
			return err
		}
	}
	return nil
}

// upgradeSchema brings the tables of an older version up to date.
func upgradeSchema(c *sqlite.Conn, version int64) error {
	for ; version < schemaVersion; version++ {
		if err := sqlitex.ExecuteScript(c, upgrades[version-1], nil); err != nil {
			return err
		}
	}
	return sqlitex.ExecuteTransient(c, fmt.Sprintf("pragma user_version = %d", schemaVersion), nil)
}
