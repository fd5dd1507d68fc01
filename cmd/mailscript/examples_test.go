package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// caughtBy is how many messages each example sends.
var caughtBy = map[string]int{
	"hello.lua": 1, "plain.lua": 1, "html.lua": 1, "attachments.lua": 2, "loop.lua": 3, "stream.lua": 100,
	"chunking.lua": 2, "notices.lua": 1, "international.lua": 2, "wishes.lua": 4, "size.lua": 0, "lmtp.lua": 1, "mx.lua": 0, "token.lua": 0, "proxy.lua": 0,
	"probe.lua": 0, "dialogue.lua": 1, "pipeline.lua": 0, "starttls.lua": 1,
	"invitation.lua": 2, "newsletter.lua": 3, "invoices.lua": 3, "workbook.lua": 2, "database.lua": 2, "markdown.lua": 2, "pictures.lua": 1, "forward.lua": 1, "tree.lua": 1, "lint.lua": 1, "signed.lua": 1,
	"weekly_sales.lua": 1, "uptime.lua": 1, "statement.lua": 3, "resumed.lua": 5, "retries.lua": 4,
}

// TestExamples runs every example against the sink, and looks whether it opens
// with what it shows.
func TestExamples(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../../examples/*.lua", "../../examples/*/*.lua"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < len(caughtBy) {
		t.Fatal(len(paths))
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "-- "+name+": ") {
				t.Errorf("does not open with what it shows")
			}
			folder := t.TempDir()
			var stdout, stderr bytes.Buffer
			status := Main(context.Background(), []string{"run", "--sink=" + folder, path}, strings.NewReader(""), &stdout, &stderr)
			if status != 0 || stdout.Len() == 0 {
				t.Fatalf("exit status %d\n%s%s", status, stdout.String(), stderr.String())
			}
			caught, err := os.ReadDir(filepath.Join(folder, "new"))
			want, known := caughtBy[name]
			if err != nil || !known || len(caught) != want {
				t.Errorf("caught %d messages, %v; want %d", len(caught), err, want)
			}
		})
	}
}
