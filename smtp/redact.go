package smtp

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// redactor replaces a session's credentials in whatever is shown. What the
// client sends is hidden by construction; this is for the server that echoes
// it, and for the script that writes it into a command of its own.
type redactor struct {
	replacer *strings.Replacer
	patterns []string
}

// shortestRedacted keeps a password of one or two letters from blanking out
// every text it happens to occur in.
const shortestRedacted = 3

// hide adds a credential: as it is, in hexadecimal, and in base64 at each of
// the three positions it can have in a larger text.
func (r *redactor) hide(secret string) {
	if len(secret) < shortestRedacted {
		return
	}
	forms := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			encoded := encoding.EncodeToString([]byte("\x00\x00\x00"[:shift] + secret))
			// Characters that also hold bits of the neighbours vary with them.
			from := (shift*8 + 5) / 6
			to := (shift + len(secret)) * 8 / 6
			if to-from >= shortestRedacted {
				forms = append(forms, encoded[from:to])
			}
		}
	}
	for _, form := range forms {
		r.patterns = append(r.patterns, form, secretMark)
	}
	r.replacer = strings.NewReplacer(r.patterns...)
}

func (r *redactor) clean(text string) string {
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}
