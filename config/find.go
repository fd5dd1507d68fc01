package config

import (
	"os"
	"path/filepath"
)

// Find returns the project folder of a script, absolute: the nearest folder at
// or above the script that holds a mailscript.toml, else the script's folder. A
// script that is a symbolic link belongs where it points to. "" and "-", a
// script that is no file, belong to the current folder.
//
// A configuration runs commands. So one in a folder that everybody may write
// to, such as /tmp, counts only where it belongs to the user or to root.
func Find(script string) (folder string) {
	switch script {
	case "", "-":
		folder = absolute(".")
	default:
		if info, err := os.Lstat(script); err == nil && info.Mode()&os.ModeSymlink != 0 {
			if target, err := filepath.EvalSymlinks(script); err == nil {
				script = target
			}
		}
		folder = filepath.Dir(absolute(script))
	}
	for above := folder; ; {
		if holdsConfig(above) {
			return above
		}
		next := filepath.Dir(above)
		if next == above {
			return folder
		}
		above = next
	}
}

// absolute is filepath.Abs; where the current folder is gone, the path as it is.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return filepath.Clean(path)
}

// holdsConfig reports whether there is anything of that name, be it a folder or
// a link to nothing: Load complains of those, where passing them by would
// take an account from a folder further up.
func holdsConfig(folder string) bool {
	path := filepath.Join(folder, Name)
	info, err := os.Lstat(path)
	if err != nil || !trusted(folder, info) {
		return false
	}
	target, err := os.Stat(path)
	return err != nil || trusted(folder, target)
}
