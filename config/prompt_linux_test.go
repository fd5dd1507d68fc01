package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// terminal is a terminal at which the test types.
type terminal struct {
	keyboard *os.File // what is written here is typed, what is shown is read here
	stdin    *os.File
}

func openTerminal(t *testing.T) terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	stdin, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { stdin.Close() })
	return terminal{keyboard, stdin}
}

func (tt terminal) echoes(t *testing.T) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tt.stdin.Fd()), unix.TCGETS)
	if err != nil {
		t.Error(err)
		return false
	}
	return state.Lflag&unix.ECHO != 0
}

// whenHidden calls do as soon as the terminal does not show what is typed.
func (tt terminal) whenHidden(t *testing.T, do func()) (wait func()) {
	var done sync.WaitGroup
	done.Go(func() {
		for tt.echoes(t) && t.Context().Err() == nil {
			runtime.Gosched()
		}
		do()
	})
	return done.Wait
}

func (tt terminal) typed(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(tt.keyboard, text); err != nil {
		t.Error(err)
	}
}

// shown is what the terminal has shown until now, and x.
func (tt terminal) shown(t *testing.T) string {
	t.Helper()
	// Written to the terminal, it comes behind all that was echoed.
	if _, err := io.WriteString(tt.stdin, "x"); err != nil {
		t.Fatal(err)
	}
	var text []byte
	for !bytes.Contains(text, []byte("x")) {
		part := make([]byte, 256)
		n, err := tt.keyboard.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part[:n]...)
	}
	return string(text)
}

func TestPrompt(t *testing.T) {
	for _, c := range []struct{ name, typed, value, want string }{
		{"a line", "secret\n", "secret", ""},
		{"with spaces", "  sec ret \n", "  sec ret ", ""},
		{"corrected", "sex\x7fcret\n", "secret", ""},
		{"nothing", "\n", "", "secret: prompt is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			terminal := openTerminal(t)
			var stderr bytes.Buffer
			wait := terminal.whenHidden(t, func() { terminal.typed(t, c.typed) })
			check(t, Reader{Stdin: terminal.stdin, Stderr: &stderr}, Source{Prompt: true}, c.value, c.want)
			wait()
			if stderr.String() != "secret: \n" {
				t.Errorf("asked %q", stderr.String())
			}
			if shown := terminal.shown(t); strings.Contains(shown, "ret") {
				t.Errorf("the terminal showed %q", shown)
			}
			if !terminal.echoes(t) {
				t.Error("the terminal does not show what is typed any more")
			}
		})
	}
}

func TestPromptQuestion(t *testing.T) {
	file := parse(t, "[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\nprompt = true\n")
	for _, c := range []struct {
		s    Source
		want string
	}{
		{file.Accounts["default"].Password, `password of account "default": ` + "\n"},
		{Source{Prompt: true, Question: "Password for ann"}, "Password for ann: \n"},
		{Source{Prompt: true, Question: "\x1b[2JPassword\r\n"}, "[2JPassword: \n"},
		{Source{Prompt: true, Question: " "}, "secret: \n"},
	} {
		terminal := openTerminal(t)
		var stderr bytes.Buffer
		wait := terminal.whenHidden(t, func() { terminal.typed(t, "x\n") })
		check(t, Reader{Stdin: terminal.stdin, Stderr: &stderr}, c.s, "x", "")
		wait()
		if stderr.String() != c.want {
			t.Errorf("asked %q, want %q", stderr.String(), c.want)
		}
	}
}

// Ctrl-C ends the question, and what is typed is shown again.
func TestPromptEnded(t *testing.T) {
	running := goleak.IgnoreCurrent()
	terminal := openTerminal(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	wait := terminal.whenHidden(t, func() { cancel(errors.New("interrupt")) })
	_, err := (Reader{Stdin: terminal.stdin, Stderr: io.Discard}).Secret(ctx, Source{Prompt: true})
	wait()
	if !errors.Is(err, context.Canceled) || err.Error() != "secret was not given: context canceled: interrupt" {
		t.Errorf("%v", err)
	}
	if !terminal.echoes(t) {
		t.Error("the terminal does not show what is typed any more")
	}
	// The reading that was given up ends with the line.
	terminal.typed(t, "\n")
	goleak.VerifyNone(t, running)
}

// FAULTS K1, at the terminal.
func TestCanaryPrompt(t *testing.T) {
	terminal := openTerminal(t)
	var stderr bytes.Buffer
	r := Reader{Stdin: terminal.stdin, Stderr: &stderr}
	wait := terminal.whenHidden(t, func() { terminal.typed(t, canary+"\n") })
	secret, err := r.Secret(t.Context(), Source{Prompt: true})
	wait()
	if err != nil || reveal(secret) != canary {
		t.Fatal(err)
	}
	hidden(t, "the secret", secret)
	hidden(t, "the reader", r)
	hidden(t, "standard error", stderr.String())
	hidden(t, "the terminal", terminal.shown(t))
}
