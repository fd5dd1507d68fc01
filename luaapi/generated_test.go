package luaapi

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated finds definitions and manual pages that no longer say what the
// descriptors say.
func TestGenerated(t *testing.T) {
	for folder, files := range map[string]map[string]string{
		"library":           Library(),
		"../docs/reference": Manual(),
	} {
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil || string(got) != want {
				t.Errorf("%s/%s is not as generated (%v); run make generate", folder, name, err)
			}
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if _, ok := files[entry.Name()]; !ok {
				t.Errorf("%s/%s is generated from nothing", folder, entry.Name())
			}
		}
	}
	if got, err := os.ReadFile("../docs/lint.md"); err != nil || string(got) != LintPage() {
		t.Errorf("docs/lint.md is not as generated (%v); run make generate", err)
	}
}
