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

// openProject finds and reads the configuration of a script; named, where given,
// is the file instead. What is unwise in it goes to warn.
func openProject(script, named string, warn func(string)) (project, error) {
	path := filepath.Join(config.Find(script), "mailscript.toml")
	if named != "" {
		absolute, err := filepath.Abs(named)
		if err != nil {
			return project{}, err
		}
		path = absolute
	}
	p := project{folder: filepath.Dir(path)}
	file, err := config.Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && named != "":
		return p, usageError{fmt.Errorf("there is no configuration file %s", named), "mailscript init writes one"}
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return p, err
	}
	p.file = file
	for _, text := range file.Warnings {
		warn(text)
	}
	return p, nil
}

// secretReader reads secrets for a command.
func secretReader(p project, stderr io.Writer, warn func(string)) config.Reader {
	return config.Reader{Folder: p.folder, Stderr: stderr, Warn: warn}
}
