package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// inFolder makes a path of the configuration absolute: "~/x" is in the user's
// home, other relative ones are in folder.
func inFolder(folder, path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("~ is not known here")
		}
		return filepath.Join(home, filepath.FromSlash(rest)), nil
	}
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return absolute(filepath.Join(folder, path)), nil
}
