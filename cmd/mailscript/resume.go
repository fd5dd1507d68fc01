package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mailscript/mailscript/ledger"
	"github.com/spf13/cobra"
)

// originsName is the file beside the ledger that says which script made which run. It only
// saves typing: without it a run is resumed by running its script.
const originsName = "scripts.json"

// origin is how a run was called.
type origin struct {
	Script  string   `json:"script"` // from the project folder, where it is inside
	Args    []string `json:"args,omitempty"`
	Account string   `json:"account,omitempty"`
	Config  string   `json:"config,omitempty"`
}

func originOf(project, script string, args []string, flags runFlags) origin {
	o := origin{Script: script, Args: args, Account: flags.account, Config: flags.config}
	if absolute, err := filepath.Abs(script); err == nil {
		o.Script = absolute
		if inside, err := filepath.Rel(project, absolute); err == nil && filepath.IsLocal(inside) {
			o.Script = filepath.ToSlash(inside)
		}
	}
	if absolute, err := filepath.Abs(flags.config); err == nil && flags.config != "" {
		o.Config = absolute
	}
	return o
}

// path is where the script is.
func (o origin) path(project string) string {
	path := filepath.FromSlash(o.Script)
	if filepath.IsAbs(path) {
		return path
	}
	path = filepath.Join(project, path)
	if here, err := os.Getwd(); err == nil {
		// As a person would write it, for errors.
		if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
			return short
		}
	}
	return path
}

func readOrigins(project string) (map[string]origin, error) {
	all := map[string]origin{}
	text, err := os.ReadFile(filepath.Join(project, ledger.FolderName, originsName))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return map[string]origin{}, fmt.Errorf("%s: %w", filepath.Join(project, ledger.FolderName, originsName), err)
	}
	return all, nil
}

// noteOrigin keeps how a run was called. Who calls it has the lock of the ledger.
func noteOrigin(project, run string, o origin, warn func(string)) {
	if o.Script == "-" || filepath.Base(o.Script) == "-" {
		return // standard input does not come again
	}
	all, err := readOrigins(project)
	if err != nil {
		all = map[string]origin{} // made anew
	}
	all[run] = o
	text, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = replaceFile(filepath.Join(project, ledger.FolderName, originsName), append(text, '\n'))
	}
	if err != nil {
		warn(fmt.Sprintf("which script made run %q is not noted: %v", run, err))
	}
}

// replaceFile writes a file as a whole or not at all. Only the user may read it.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// originOfRun is how a run was called, or why that is not known.
func originOfRun(project, run string) (origin, error) {
	all, err := readOrigins(project)
	if err != nil {
		return origin{}, err
	}
	o, known := all[run]
	if !known {
		return o, usageError{fmt.Errorf("which script made run %q is not known", run), "mailscript run SCRIPT resumes it"}
	}
	if _, err := os.Stat(o.path(project)); err != nil {
		return o, usageError{fmt.Errorf("run %q: its script: %w", run, err), "mailscript run SCRIPT resumes it from wherever the script is now"}
	}
	return o, nil
}

func resumeCommand(status *int) *cobra.Command {
	var flags runFlags
	var project string
	command := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run of a merge where it ended",
		Long: `resume runs the script that made a run again, with the arguments it had then. Rows
that were sent are not sent again; those that are left are, and those that were
refused for now, when they are due. Merges of other names that the script has are
passed over: a name with the month in it does not begin the mailing of this month.

mailscript run SCRIPT resumes as well. What a script does beside the merge, it does
again, either way.

The status is that of mailscript run.`,
		Example: "  mailscript resume news-2026-11\n  mailscript resume --accept-changes news-2026-11",
		Args:    oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			flags.resume = args[0]
			var err error
			*status, err = resume(c.Context(), projectFolder(project), flags, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
			return ofLedger(status, err)
		},
	}
	f := command.Flags()
	projectFlag(command, &project)
	f.IntVar(&flags.limit, "limit", 0, "end the run after `N` messages")
	f.BoolVar(&flags.trace, "trace", false, "show what crosses each connection on standard error, credentials replaced")
	f.BoolVar(&flags.accept, "accept-changes", false, "go on with another script or template than the run began with")
	f.BoolVar(&flags.takeover, "takeover", false, "use a ledger that was copied here, or restored: what was sent after that it does not know")
	f.BoolVar(&flags.json, "json", false, "report on standard output as JSON, a line each; what the script prints goes to standard error")
	return command
}

func resume(ctx context.Context, project string, flags runFlags, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	book, summary, err := lookUp(ctx, project, flags.resume)
	if err != nil {
		return 0, err
	}
	if err := book.Close(); err != nil {
		return 0, err
	}
	o, err := originOfRun(project, summary.Name)
	if err != nil {
		return 0, err
	}
	flags.account, flags.config = o.Account, o.Config
	begun := false
	flags.begun = func() { begun = true }
	status, err := run(ctx, o.path(project), o.Args, flags, stdin, stdout, stderr)
	if err == nil && !begun {
		return exitData, usageError{
			fmt.Errorf("%s ran no merge %q: nothing was sent", o.path(project), summary.Name),
			"the name may have changed with the script, or with the date; give it the old one",
		}
	}
	return status, err
}
