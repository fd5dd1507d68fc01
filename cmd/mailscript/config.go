package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/mailscript/mailscript/config"
)

// project is the folder a script belongs to, and its configuration.
type project struct {
	folder string
	file   *config.File // nil where there is none
}

// openProject finds and reads the configuration of a script; path, where
// given, names the file instead.
func openProject(script, path string) (project, error) {
	p := project{folder: config.Find(script)}
	if path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return p, err
		}
		p.folder = filepath.Dir(absolute)
		file, err := config.Load(absolute)
		if errors.Is(err, fs.ErrNotExist) {
			return p, usageError{fmt.Errorf("there is no configuration file %s", path), "mailscript init writes one"}
		}
		p.file = file
		return p, err
	}
	file, err := config.Load(filepath.Join(p.folder, "mailscript.toml"))
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	p.file = file
	return p, err
}

// secretReader reads secrets for a command.
func secretReader(p project, stderr io.Writer, warn func(string)) config.Reader {
	return config.Reader{Folder: p.folder, Stderr: stderr, Warn: warn}
}
