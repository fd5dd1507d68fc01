package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Begin a project: a commented mailscript.toml and a first script",
		Long: `init writes mailscript.toml, first.lua and .luarc.json with the definitions that
editors use for completion. Files that exist are left as they are.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			folder := "."
			if len(args) == 1 {
				folder = args[0]
			}
			files := map[string]string{
				"mailscript.toml": config.Template(),
				"first.lua":       firstScript,
				".luarc.json":     `{ "runtime.version": "Lua 5.1", "workspace.library": [".mailscript/library"], "diagnostics.globals": ["try"] }` + "\n",
			}
			for name, text := range luaapi.Library() {
				files[filepath.Join(".mailscript", "library", name)] = text
			}
			if err := os.MkdirAll(filepath.Join(folder, ".mailscript", "library"), 0o755); err != nil {
				return err
			}
			for _, name := range []string{"mailscript.toml", "first.lua", ".luarc.json"} {
				if err := writeNew(c, folder, name, files[name]); err != nil {
					return err
				}
				delete(files, name)
			}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
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
