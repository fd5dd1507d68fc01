package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Name is the name of the configuration file.
const Name = "mailscript.toml"

// maxFile is the size of the largest configuration that is read, in bytes.
const maxFile = 256 << 10

// File is a whole configuration. The zero File is one that says nothing.
type File struct {
	// Path is the file it was read from, "" where there is none.
	Path string
	// Accounts are the tables [account.NAME].
	Accounts map[string]Account
	// Secrets are the tables [secret.NAME].
	Secrets map[string]Source
	// Databases are the tables [database.NAME].
	Databases map[string]Database
	// DKIM are the tables [dkim.NAME], in the order of the file.
	DKIM []DKIM
	// Jobs are the tables [job.NAME], in the order of the file.
	Jobs []Job
	// AllowDomains are the domains that may be sent to, lower case and in ASCII;
	// "*.example.net" stands for all below it. Empty allows all.
	AllowDomains []string
	// Warnings are what is allowed but unwise, one line each, in the order of
	// the file.
	Warnings []string
}

// Load reads the file at path. A missing one is an error that wraps
// fs.ErrNotExist; every error is an *Error.
func Load(path string) (*File, error) {
	text, info, err := readRegular(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		if _, there := os.Lstat(path); there == nil {
			// Not the same as no configuration: somebody meant there to be one.
			return nil, &Error{Path: path, Text: "a link to a file that does not exist"}
		}
	}
	if err != nil {
		return nil, &Error{Path: path, Text: err.Error(), Err: err}
	}
	file, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	if file.holdsPassword() && othersMayRead(info) {
		file.Warnings = append(file.Warnings, path+" holds a password and is readable by others; chmod 600")
	}
	if everybodyMayWrite(info) {
		file.Warnings = append(file.Warnings, path+" is writable by everybody, and may run commands; chmod o-w")
	}
	return file, nil
}

func (f *File) holdsPassword() bool {
	for _, account := range f.Accounts {
		if !account.Password.Literal.IsZero() || !account.OAuth2.ClientSecret.Literal.IsZero() || !account.OAuth2.RefreshToken.Literal.IsZero() {
			return true
		}
	}
	return false
}

// Parse reads a configuration. path is for messages, and its folder is the base
// of relative paths. Every error is an *Error; of several faults it is the first.
func Parse(path string, text []byte) (*File, error) {
	source := strings.TrimPrefix(string(text), "\ufeff")
	d := &decoder{document: locate(source), file: &File{Path: path}}
	if err := d.encodingError(); err != nil {
		return nil, err
	}
	if d.tooDeep != nil {
		return nil, d.place(*d.tooDeep).fault(fmt.Sprintf("nested deeper than %d", maxNesting), "", nil)
	}
	values := map[string]any{}
	if _, err := toml.Decode(source, &values); err != nil {
		return nil, d.syntaxError(err)
	}
	if d.twice != nil {
		return nil, d.place(*d.twice).fault(onceText, onceHint, nil)
	}
	d.decode(&table{decoder: d, entry: d.root, values: values})
	if err := d.firstFault(); err != nil {
		return nil, err
	}
	return d.file, nil
}

// firstFault is the fault that stands first in the file.
func (d *decoder) firstFault() error {
	if len(d.faults) == 0 {
		return nil
	}
	first := slices.MinFunc(d.faults, func(a, b fault) int {
		if a.at.start != b.at.start {
			return a.at.start - b.at.start
		}
		return strings.Compare(a.text, b.text)
	})
	return d.place(first.at).fault(first.text, first.hint, nil)
}

// decode reads all tables.
func (d *decoder) decode(root *table) {
	folder := filepath.Dir(d.file.Path)
	d.file.Accounts, d.file.Secrets = map[string]Account{}, map[string]Source{}
	for _, t := range root.tables("account", "an account") {
		name := t.entry.name
		d.file.Accounts[name] = t.account(name, folder)
	}
	for _, t := range root.tables("secret", "a secret") {
		name := t.entry.name
		d.file.Secrets[name] = t.secret(name, folder)
	}
	d.file.Databases = map[string]Database{}
	for _, t := range root.tables("database", "a database") {
		name := t.entry.name
		d.file.Databases[name] = t.database(name, folder)
	}
	for _, t := range root.tables("dkim", "a key") {
		d.file.DKIM = append(d.file.DKIM, t.dkim(t.entry.name, folder))
	}
	if t := root.table("recipients"); t != nil {
		d.file.AllowDomains = t.allow()
		t.finish(nil)
	}
	for _, t := range root.tables("job", "a job") {
		d.file.Jobs = append(d.file.Jobs, t.job(t.entry.name, folder))
	}
	root.finish(func(key string) string {
		if isKnown(key) {
			return "settings of an account stand below a line [account.default]"
		}
		return ""
	})
}
