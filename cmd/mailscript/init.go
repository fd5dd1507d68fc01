package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

const firstScript = `-- first.lua: one message. Rehearse it with
--
--   mailscript run --sink first.lua
--
-- and, once mailscript.toml says which server to use, send it with
--
--   mailscript account test
--   mailscript run first.lua

local smtp = require "smtp"

local result = smtp.send {
  from    = "you@example.org",
  to      = "you@example.org",
  subject = "My first message",
  text    = "Hello from mailscript.\n",
}
print(result.outcome, result.code, result.text)
`

// reportFiles are the project of --template report.
//
//go:embed templates/report
var reportFiles embed.FS

// projectFiles are what init begins with, by the name of the template.
func projectFiles(template string) (map[string]string, error) {
	switch template {
	case "first":
		return map[string]string{config.Name: config.Template(), "first.lua": firstScript}, nil
	case "report":
		files := map[string]string{}
		err := fs.WalkDir(reportFiles, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := reportFiles.ReadFile(path)
			files[filepath.Base(path)] = string(text)
			return err
		})
		return files, err
	}
	return nil, usageError{fmt.Errorf("there is no template %q", template), "they are first and report"}
}

func initCommand() *cobra.Command {
	var template string
	command := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Begin a project: a commented mailscript.toml and a first script",
		Long: `init writes mailscript.toml, a script and .luarc.json with the definitions that editors
use for completion. Files that exist are left as they are.

With --template report it begins a report that a job sends every week; docs/reports.md
goes on from there.`,
		Example: "  mailscript init letters\n  mailscript init --template report reports",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			folder := "."
			if len(args) == 1 {
				folder = args[0]
			}
			files, err := projectFiles(template)
			if err != nil {
				return err
			}
			files[".luarc.json"] = `{ "runtime.version": "Lua 5.1", "workspace.library": [".mailscript/library"], "diagnostics.globals": ["try"] }` + "\n"
			if err := os.MkdirAll(filepath.Join(folder, ".mailscript", "library"), 0o755); err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(files)) {
				if err := writeNew(c, folder, name, files[name]); err != nil {
					return err
				}
			}
			for name, text := range luaapi.Library() {
				if err := os.WriteFile(filepath.Join(folder, ".mailscript", "library", name), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
	command.Flags().StringVar(&template, "template", "first", "begin with `NAME`: first, a first message; report, a report that goes out every week")
	return command
}

// writeNew writes a file that must not exist yet. The configuration may come to
// hold a password, so nobody else reads what is written here.
func writeNew(c *cobra.Command, folder, name, text string) error {
	path := filepath.Join(folder, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(c.OutOrStdout(), "%s: exists, left as it is\n", path)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := file.WriteString(text); err != nil {
		file.Close()
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: written\n", path)
	return file.Close()
}
