package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// hostIdentity tells this machine from others, and is none of its secrets: a hash of the
// identifier the operating system was installed with, or of the host's name where there is
// none, as in many containers.
func hostIdentity() string {
	id := strings.TrimSpace(machineID())
	if id == "" {
		id, _ = os.Hostname()
	}
	sum := sha256.Sum256([]byte("mailscript ledger\x00" + id))
	return hex.EncodeToString(sum[:8])
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
