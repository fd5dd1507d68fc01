package config

import "io/fs"

// trusted cannot be told from the mode on Windows, where the shared folder for
// temporary files is one of the user.
func trusted(string, fs.FileInfo) bool { return true }
