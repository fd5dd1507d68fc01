package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/collector"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
)

// script is a merge as a user writes it. What it is told stands in arg.
const script = `
local merge, mime, csv, template = require "merge", require "mime", require "csv", require "template"
local letter = template.load "letter"
local offers = %s
local why
local run = merge.run {
  name = "rates", rows = csv.rows "rows.csv", key = "email", connections = 1,
  account = { host = arg[1], port = tonumber(arg[2]), tls = arg[3], local_name = arg[4], ca = arg[6] },
  on_result = function(row, result) if not result.ok then why = why or result.reason or result.text end end,
  message = function(row)
    return {
      from = "Bank <sender@example.com>", to = mime.address(row.name, row.email),
      subject = "Rates of " .. row.month .. " – été",
      template = letter, data = %s,
    }
  end,
}
if run.failed > 0 then error(why) end
if run.sent ~= tonumber(arg[5]) then error(tostring(run)) end
`

func (w work) script() string {
	if !w.letter.offers {
		return fmt.Sprintf(script, "nil", "row")
	}
	list := "{\n"
	for _, o := range offers {
		list += fmt.Sprintf("  { Title = %q, URL = %q, Price = %q },\n", o.Title, o.URL, o.Price)
	}
	return fmt.Sprintf(script, list+"}", "{ row = row, Offers = offers }")
}

// write puts the project into the folder.
func (w work) write() error {
	text, html := w.letter.ours()
	for name, content := range map[string]string{"letter.txt": text, "letter.html": html, "merge.lua": w.script()} {
		if err := os.WriteFile(filepath.Join(w.folder, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// arguments are those of the script.
func (w work) arguments(job client.Job, n int) ([]string, error) {
	host, port, err := job.HostPort()
	if err != nil {
		return nil, err
	}
	args := []string{host, fmt.Sprint(port), string(job.TLS), client.LocalName, fmt.Sprint(n)}
	if job.TLS != client.Off {
		args = append(args, job.RootsFile())
	}
	return args, nil
}

// sendOurs merges with a ledger that is thrown away, as a rehearsal does.
func sendOurs(w work, job client.Job, n int) error { return w.merge(job, n, "") }

// sendRemembering merges with the ledger of a project, on a disk.
func sendRemembering(w work, job client.Job, n int) error { return w.merge(job, n, w.folder) }

func (w work) merge(job client.Job, n int, ledger string) error {
	if err := w.write(); err != nil {
		return err
	}
	args, err := w.arguments(job, n)
	if err != nil {
		return err
	}
	collector.Watch()
	loaded, err := engine.Load(filepath.Join(w.folder, "merge.lua"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	api := luaapi.New(luaapi.Options{Root: w.folder, Context: ctx, Ledger: ledger})
	rt := engine.New(engine.Options{Modules: api.Modules(), Args: args, Root: w.folder, Stdout: io.Discard, Stderr: os.Stderr})
	err = rt.Run(ctx, loaded)
	api.Drain()
	api.Close(ctx)
	return errors.Join(err, rt.Close(ctx))
}
