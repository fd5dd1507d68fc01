package config

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// notFoundStatus is what cmd.exe ends with where there is no such program.
const notFoundStatus = 9009

// shell passes the command on as it is: cmd.exe has rules of its own for
// quotes, and with /S takes everything between the first and the last.
func shell(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /S /C "` + command + `"`}
	return cmd
}

// runGroup runs the command in a job object, and ends all of it when the
// command's context does. What the shell starts before it is in the job, a
// matter of microseconds, is not in it.
func runGroup(cmd *exec.Cmd) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return os.NewSyscallError("CreateJobObject", err)
	}
	defer windows.CloseHandle(job)
	cmd.Cancel = func() error {
		// The shell itself too, where it could not be put into the job.
		_ = windows.TerminateJobObject(job, 1)
		return cmd.Process.Kill()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	const rights = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	if process, err := windows.OpenProcess(rights, false, uint32(cmd.Process.Pid)); err == nil {
		_ = windows.AssignProcessToJobObject(job, process)
		_ = windows.CloseHandle(process)
	}
	return cmd.Wait()
}
