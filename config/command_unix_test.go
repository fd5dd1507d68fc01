//go:build unix

package config

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSecretCommand(t *testing.T) {
	for _, c := range []struct{ command, value, want, stderr string }{
		{command: `echo secret`, value: "secret"},
		{command: `printf secret`, value: "secret"},
		{command: `printf 'secret\r\nlogin: ann\n'`, value: "secret"},
		{command: `printf '  sec ret '`, value: "  sec ret "},
		// It is one for the shell.
		{command: `x=cret; echo "se$x" | cat`, value: "secret"},
		{command: `echo 'a"b$c'`, value: `a"b$c`},
		// It reads no input.
		{command: `cat; echo secret`, value: "secret"},
		// What it complains of is shown, and does not make it fail.
		{command: `echo unlocked >&2; echo secret`, value: "secret", stderr: "unlocked\n"},
		{command: `echo locked >&2; exit 3`, want: `secret: command "echo" ended with exit status 3`, stderr: "locked\n"},
		{command: `false`, want: `secret: command "false" ended with exit status 1`},
		{command: `echo secret; false`, want: `secret: command "echo" ended with exit status 1`},
		{command: `exit 127`, want: `secret: command "exit" ended with exit status 127`},
		{command: `kill -9 $$`, want: `secret: command "kill" ended: signal: killed`},
		{command: `true`, want: `secret: command "true" printed nothing on its first line`},
		{command: `printf '\nsecret\n'`, want: `secret: command "printf" printed nothing on its first line`},
		{command: `printf '\377\376s\000'`, want: `secret: command "printf" printed UTF-16`},
		{command: `yes secret`, want: `secret: command "yes" printed more than 64 KiB`},
	} {
		t.Run(c.command, func(t *testing.T) {
			var stderr bytes.Buffer
			check(t, Reader{Stderr: &stderr}, Source{Command: NewCommand(c.command)}, c.value, c.want)
			if stderr.String() != c.stderr {
				t.Errorf("stderr %q, want %q", stderr.String(), c.stderr)
			}
		})
	}
}

// Commands run in the folder of their configuration, wherever the script does.
func TestCommandFolder(t *testing.T) {
	file := parse(t, "[secret.crm]\ncommand = \"cat token.txt\"\n")
	folder := filepath.Dir(file.Path)
	if err := os.WriteFile(filepath.Join(folder, "token.txt"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, Reader{}, file.Secrets["crm"], "secret", "")
	check(t, Reader{Folder: folder}, Source{Command: NewCommand("cat token.txt")}, "secret", "")
	check(t, Reader{Folder: filepath.Join(folder, "none")}, Source{Command: NewCommand("true")}, "",
		`secret: command "true" did not start: there is no folder `+filepath.Join(folder, "none"))
}

// The hints of a command that failed.
func TestCommandHint(t *testing.T) {
	for command, want := range map[string]string{
		"exit 3":                        "what it said, if anything, stands above",
		"exit 127":                      "the shell did not find it; commands run in the folder of mailscript.toml",
		"head -c 100000 /dev/zero":      "its first line is the secret",
		`printf '\376\377\000s'`:        "let it print UTF-8",
		"echo; echo the second is none": "",
	} {
		_, err := (Reader{Stderr: io.Discard}).Secret(t.Context(), Source{Command: NewCommand(command)})
		var fault *Error
		if !errors.As(err, &fault) || fault.Hint != want {
			t.Errorf("%s: %+v", command, err)
		}
	}
}

// When its context ends a command ends, together with all it has started.
func TestCommandEnded(t *testing.T) {
	terminal := hasTerminal()
	stderr, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		// The command says when it runs.
		_, _ = stderr.Read(make([]byte, 1))
		cancel(errors.New("interrupt"))
	}()
	command := "sleep 600 & echo >&2; wait"
	if terminal {
		// Children are ended by Ctrl-C there.
		command = "echo >&2; exec sleep 600"
	}
	began := time.Now()
	_, err = (Reader{Stderr: writer}).Secret(ctx, Source{Command: NewCommand(command)})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was ended: context canceled: interrupt") {
		t.Errorf("%v", err)
	}
	if passed := time.Since(began); passed > time.Minute {
		t.Errorf("it took %v", passed)
	}
	// The end of the pipe comes when nobody holds it any more.
	writer.Close()
	if rest, err := io.ReadAll(stderr); err != nil || len(rest) > 1 {
		t.Errorf("%q, %v", rest, err)
	}
}

// What a command leaves running in the background is not waited for.
func TestCommandBackground(t *testing.T) {
	t.Parallel()
	began := time.Now()
	check(t, Reader{Stderr: io.Discard}, Source{Command: NewCommand("echo secret; sleep 20 &")}, "secret", "")
	if passed := time.Since(began); passed > 15*time.Second {
		t.Errorf("it took %v", passed)
	}
}
