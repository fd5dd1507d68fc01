package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// outputGrace is how long a command's output may stay open after the command
// has ended: what it left running in the background may hold it.
const outputGrace = time.Second

// errTooLong ends a command that prints too much.
var errTooLong = fmt.Errorf("printed more than %d KiB", maxSecret>>10)

// command runs the command of a source in the shell. It reads no input. It gets
// a process group of its own, so that it ends together with its children when
// ctx does.
func (r Reader) command(ctx context.Context, s Source) (smtp.Secret, error) {
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	output := &output{full: func() { end(errTooLong) }}

	cmd := shell(running, *s.Command.line)
	cmd.Dir = r.Folder
	if cmd.Dir == "" && s.at.path != "" {
		cmd.Dir = filepath.Dir(s.at.path)
	}
	cmd.Stdout, cmd.Stderr = output, r.Stderr
	cmd.WaitDelay = outputGrace
	err := runGroup(cmd)

	fail := func(text, hint string, cause error) (smtp.Secret, error) {
		return smtp.Secret{}, s.fault(s.String(), text, hint, cause)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && err != nil:
		cause := ended(ctx)
		return fail("was ended: "+cause.Error(), "", cause)
	case errors.Is(context.Cause(running), errTooLong):
		return fail(errTooLong.Error(), "its first line is the secret", errTooLong)
	case errors.Is(err, exec.ErrWaitDelay):
		// It ended well, and something it left behind holds its output.
	case errors.As(err, &exit) && exit.Exited():
		hint := "what it said, if anything, stands above"
		if exit.ExitCode() == notFoundStatus {
			hint = "the shell did not find it; commands run in the folder of " + Name
		}
		return fail(fmt.Sprintf("ended with exit status %d", exit.ExitCode()), hint, err)
	case errors.As(err, &exit):
		return fail("ended: "+exit.ProcessState.String(), "", err)
	case errors.Is(err, fs.ErrNotExist) && cmd.Process == nil && !isFolder(cmd.Dir):
		// The error names the shell, which is there.
		return fail("did not start: there is no folder "+cmd.Dir, "", err)
	case err != nil && cmd.Process == nil:
		return fail("did not start: "+err.Error(), "", err)
	case err != nil:
		return fail("ended: "+err.Error(), "", err)
	}
	line, err := s.meant(output.kept)
	if err != nil {
		return fail("printed UTF-16", "let it print UTF-8", err)
	}
	switch {
	case line == "" && s.whole:
		return fail("printed nothing", "", nil)
	case line == "":
		return fail("printed nothing on its first line", "", nil)
	}
	return s.secret(line)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return path == "" || err == nil && info.IsDir()
}

// output keeps what a command prints, up to a limit.
type output struct {
	kept []byte
	full func()
}

func (o *output) Write(p []byte) (int, error) {
	if len(o.kept)+len(p) > maxSecret {
		o.full()
		return 0, errTooLong
	}
	o.kept = append(o.kept, p...)
	return len(p), nil
}
