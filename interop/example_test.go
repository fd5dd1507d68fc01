//go:build interop && linux

package interop

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// manySent is how many messages of an example are looked at, at most: those of a stream
// are all alike.
const manySent = 4

// examples returns the paths of all examples, from the folder of examples.
func examples(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.lua", "*/*.lua"} {
		paths, err := filepath.Glob(filepath.Join("../examples", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel("../examples", path)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatal("no examples")
	}
	return names
}

// TestExamples runs every example once, and has others look at what they send.
func TestExamples(t *testing.T) {
	t.Parallel()
	sent := map[string][][]byte{}
	for _, example := range examples(t) {
		sent[example] = sentBy(t, example)
	}
	t.Run("Chromium", func(t *testing.T) {
		t.Parallel()
		checkChromium(t, sent)
	})
	t.Run("rspamd", func(t *testing.T) {
		t.Parallel()
		checkRspamd(t, sent)
	})
}

// sentBy runs an example against the sink and returns what it sends.
func sentBy(t *testing.T, example string) [][]byte {
	t.Helper()
	folder := t.TempDir()
	if r := mailscript(t, filepath.Join("../examples", filepath.Dir(example)), "run", "--sink="+folder, filepath.Base(example)); r.status != 0 {
		t.Fatal(r)
	}
	caught := messages(t, filepath.Join(folder, "new"))
	names := slices.Sorted(maps.Keys(caught))
	var sent [][]byte
	for _, name := range names[:min(len(names), manySent)] {
		sent = append(sent, caught[name])
	}
	return sent
}
