package config

import (
	"os"
	"path/filepath"
	"testing"
)

// tree makes files in a folder, and returns it as the system calls it.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFind(t *testing.T) {
	root := tree(t,
		"project/mailscript.toml", "project/x.lua", "project/deep/deeper/x.lua",
		"project/inner/mailscript.toml", "project/inner/x.lua",
		"lone/x.lua", "odd/mailscript.toml/file", "odd/x.lua")
	for _, c := range []struct{ name, script, want string }{
		{"beside the script", "project/x.lua", "project"},
		{"above it", "project/deep/deeper/x.lua", "project"},
		{"the nearest", "project/inner/x.lua", "project/inner"},
		{"nowhere: the script's folder", "lone/x.lua", "lone"},
		{"of a script that is not there", "project/deep/y.lua", "project"},
		{"of a script in a folder that is not there", "project/none/y.lua", "project"},
		{"by a detour", "lone/../project/x.lua", "project"},
		// Load says what is wrong with it.
		{"a folder of that name", "odd/x.lua", "odd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Find(filepath.Join(root, filepath.FromSlash(c.script)))
			if want := filepath.Join(root, filepath.FromSlash(c.want)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}

	t.Run("a script that is no file belongs to the current folder", func(t *testing.T) {
		t.Chdir(filepath.Join(root, "project", "deep"))
		for _, script := range []string{"", "-", "x.lua", filepath.Join("..", "x.lua")} {
			if got, want := Find(script), filepath.Join(root, "project"); got != want {
				t.Errorf("Find(%q) is %s, want %s", script, got, want)
			}
		}
	})
	t.Run("a link belongs where it points to", func(t *testing.T) {
		link := filepath.Join(root, "lone", "link.lua")
		if err := os.Symlink(filepath.Join("..", "project", "x.lua"), link); err != nil {
			t.Skip(err)
		}
		if got, want := Find(link), filepath.Join(root, "project"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
	t.Run("a configuration that is a link to nothing is not passed by", func(t *testing.T) {
		folder := filepath.Join(root, "project", "deep")
		if err := os.Symlink("nothing.toml", filepath.Join(folder, Name)); err != nil {
			t.Skip(err)
		}
		if got := Find(filepath.Join(folder, "deeper", "x.lua")); got != folder {
			t.Errorf("%s, want %s", got, folder)
		}
	})
}
