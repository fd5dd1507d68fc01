package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGuides follows guides literally, each in an empty folder:
//
//	```lua newsletter.lua   a block with a file's name behind its language is written
//	```console              "$ command" is run, and what follows it must be its output
//
// Other blocks are only shown. In output, a line "…" stands for any number of lines, "…"
// in a line for any text, and paths are relative to the current folder.
func TestGuides(t *testing.T) {
	for _, name := range []string{"merge.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../docs", name))
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			follow(t, string(text))
		})
	}
}

func follow(t *testing.T, guide string) {
	commands := 0
	for _, b := range blocksOf(guide) {
		switch language, file, _ := strings.Cut(b.info, " "); {
		case file != "":
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		case language == "console":
			commands += b.enter(t)
		}
	}
	if commands == 0 {
		t.Error("the guide has no command")
	}
}

// block is one fenced block of a guide.
type block struct {
	info, text string
	line       int // of its fence
}

func blocksOf(guide string) []block {
	var all []block
	var open *block
	for i, line := range strings.Split(guide, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{info: info, line: i + 1}
		case fence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return all
}

// enter runs the commands of a block and compares what they say.
func (b block) enter(t *testing.T) (commands int) {
	sessions := strings.Split("\n"+b.text, "\n$ ")
	for _, session := range sessions[1:] {
		command, want, _ := strings.Cut(session, "\n")
		got := normal(enter(t, command))
		if !likeOutput(strings.TrimSpace(want), got) {
			t.Errorf("line %d: $ %s\ngot:\n%s\nthe guide has:\n%s", b.line, command, got, want)
		}
		commands++
	}
	return commands
}

// enter runs one command of those that guides use.
func enter(t *testing.T, command string) string {
	words := strings.Fields(command)
	var out bytes.Buffer
	switch words[0] {
	case "mailscript":
		status := Main(context.Background(), words[1:], strings.NewReader(""), &out, &out)
		if status != 0 {
			fmt.Fprintf(&out, "(exit status %d)\n", status)
		}
	case "cd":
		t.Chdir(words[1])
	case "ls":
		entries, err := os.ReadDir(words[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			fmt.Fprintln(&out, e.Name())
		}
	case "cat":
		text, err := os.ReadFile(words[1])
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	default:
		t.Fatalf("guides have no command %q", words[0])
	}
	return out.String()
}

// normal is output without what differs from one machine to another.
func normal(output string) string {
	if folder, err := os.Getwd(); err == nil {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			output = strings.ReplaceAll(output, real+string(filepath.Separator), "")
		}
		output = strings.ReplaceAll(output, folder+string(filepath.Separator), "")
	}
	output = strings.ReplaceAll(output, "\r\n", "\n")
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// likeOutput reports whether output is what a guide says, whose "…" lines stand for any
// number of lines.
func likeOutput(want, got string) bool {
	pieces := []string{}
	piece := []string{}
	for _, line := range strings.Split(want, "\n") {
		if line == "…" {
			pieces, piece = append(pieces, strings.Join(piece, "\n")), nil
			continue
		}
		piece = append(piece, line)
	}
	pieces = append(pieces, strings.Join(piece, "\n"))
	quoted := make([]string, len(pieces))
	for i, p := range pieces {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(p), "…", ".*")
	}
	quoted = slices.DeleteFunc(quoted, func(p string) bool { return p == "" && len(pieces) > 1 })
	pattern := strings.Join(quoted, `(?:\n|(?s:\n.*\n))`)
	if strings.HasSuffix(want, "\n…") {
		pattern += `(?s:\n.*)?`
	}
	if strings.HasPrefix(want, "…\n") {
		pattern = `(?s:.*\n)?` + pattern
	}
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(got)
}

func TestLikeOutput(t *testing.T) {
	for _, c := range []struct {
		want, got string
		like      bool
	}{
		{"a\nb", "a\nb", true}, {"a\nb", "a\nc", false}, {"a\n…\nd", "a\nb\nc\nd", true}, {"a\n…\nd", "a\nd", true},
		{"a\n…\nd", "a\nb\nc", false}, {"…\nd", "a\nd", true}, {"a\n…", "a\nb", true}, {"a.c", "abc", false}, {"in …\nb", "in 3 ms\nb", true}, {"in …\nb", "in 3\nc\nb", false}, {"a", "a\nb", false},
	} {
		if likeOutput(c.want, c.got) != c.like {
			t.Errorf("%q, %q: not %v", c.want, c.got, c.like)
		}
	}
}
