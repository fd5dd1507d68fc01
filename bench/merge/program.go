package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/mailscript/mailscript/bench/client"
)

//go:embed merge.js
var nodeSource string

//go:embed merge.py
var pythonSource string

// program is a stack in another language.
type program struct {
	interpreter, file, source string
}

var programs = map[string]program{
	"nodemailer": {"node", "merge.js", nodeSource},
	"python":     {"python3", "merge.py", pythonSource},
}

// orders are what a program is told, as JSON.
type orders struct {
	Rows   string  `json:"rows"`
	Host   string  `json:"host"`
	Port   int     `json:"port"`
	TLS    bool    `json:"tls"`
	Roots  string  `json:"roots"`
	Name   string  `json:"name"`
	Text   string  `json:"text"` // jinja's notation
	HTML   string  `json:"html"`
	Offers []offer `json:"offers"`
}

// run runs the program; it prints the report itself.
func (p program) run(w work, job client.Job) error {
	host, port, err := job.HostPort()
	if err != nil {
		return err
	}
	o := orders{Rows: w.rows(), Host: host, Port: port, TLS: job.TLS == client.Implicit, Roots: job.RootsFile(), Name: client.LocalName}
	o.Text, o.HTML = w.letter.jinja()
	if w.letter.offers {
		o.Offers = offers
	}
	told, err := json.Marshal(o)
	if err != nil {
		return err
	}
	path := filepath.Join(w.folder, p.file)
	if err := os.WriteFile(path, []byte(p.source), 0o600); err != nil {
		return err
	}
	c := exec.Command(p.interpreter, path, string(told))
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", p.interpreter, err)
	}
	return nil
}
