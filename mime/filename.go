package mime

import "strings"

// maxFileName is ours, in octets of UTF-8: four times what file systems take.
const maxFileName = 1024

// fileName returns the name under which a part is shown and saved.
//
// Directories are cut off, whether separated by / or \. Refused are names that leave
// nothing then, control characters, and the bidirectional overrides with which gpj.exe
// passes for a picture. Names such as CON are left to the system that saves them.
func fileName(name string) (string, *Error) {
	refuse := func(offset int, reason, hint string) (string, *Error) {
		return "", &Error{Value: name, Offset: offset, Reason: "the file name " + reason, Hint: hint}
	}
	if offset, reason := textFault(name); offset >= 0 {
		return refuse(offset, reason, hintFor(reason))
	}
	for i, r := range name {
		if r == '\t' || isBidiOverride(r) {
			return refuse(i, controlName(r), "")
		}
	}
	base := strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	switch {
	case base == "" || base == "." || base == "..":
		return refuse(-1, "is empty", `give one: {name = "report.pdf"}`)
	case len(base) > maxFileName:
		return refuse(maxFileName, "is longer than 1024 octets", "")
	}
	return base, nil
}
