//go:build unix

package config

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// notFoundStatus is what a shell ends with where there is no such program.
const notFoundStatus = 127

func shell(ctx context.Context, command string) *exec.Cmd {
	return exec.CommandContext(ctx, "sh", "-c", command)
}

// runGroup runs the command in a process group of its own, and ends all of it
// when the command's context does.
//
// A person's terminal allows reading to one group only, and many a command asks
// there for a passphrase. So where there is a terminal the command shares our
// group: Ctrl-C ends its children too, but the end of a context alone only the
// shell.
func runGroup(cmd *exec.Cmd) error {
	if hasTerminal() {
		return cmd.Run()
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.Run()
}

// hasTerminal reports whether the process has a terminal that a command could
// ask at, whatever its standard input is.
func hasTerminal() bool {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = terminal.Close()
	return true
}
