//go:build unix && !linux && !darwin

package ledger

import "os"

func machineID() string { return "" }

func fileIdentity(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return inode(info), nil
}
