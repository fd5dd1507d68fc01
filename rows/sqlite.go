package rows

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// openSQLite opens the file of sqlite:PATH?mode=MODE.
func (d *Database) openSQLite(address string, options DatabaseOptions) error {
	path, query, _ := strings.Cut(strings.TrimPrefix(address, "sqlite:"), "?")
	if rest, ok := strings.CutPrefix(path, "//"); ok && strings.HasPrefix(rest, "/") {
		path = rest
	}
	d.name = cmp.Or(d.name, path)
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("what stands behind ? is no list of parameters")
	}
	mode := "rw"
	for key := range values {
		if key != "mode" {
			return fmt.Errorf("unknown parameter %s%s", excerpt(key), didYouMean(key, []string{"mode"}))
		}
		mode = values.Get(key)
	}
	if !slices.Contains([]string{"ro", "rw", "rwc"}, mode) {
		return fmt.Errorf("mode %s is none of ro, rw, rwc", excerpt(mode))
	}
	if path == "" {
		return errors.New("no path")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(options.Folder, path)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	// SQLite says no more than that it is unable to open the file.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mode != "rwc":
		return &hintedError{"no such file", "?mode=rwc behind the path makes a new database"}
	case err == nil && info.IsDir():
		return errFolder
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return errors.New(plainCause(err))
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/…
	}
	// Others may be writing: that is waited for, in milliseconds.
	parameters := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(10000)"}}
	uri := &url.URL{Scheme: "file", Path: slashed, OmitHost: true, RawQuery: parameters.Encode()}
	d.pool, err = sql.Open("sqlite", uri.String())
	return err
}
