package config

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// pinFault says what is wrong with a pin: "sha256//" and the base64 of a SHA-256
// hash, as curl and msmtp write the hash of a public key. The pin itself is not
// repeated, since it is long and the excerpt shows it.
func pinFault(pin string) (reason, hint string) {
	const form = `write "sha256//" and 44 characters of base64`
	text, ok := strings.CutPrefix(pin, "sha256//")
	if !ok {
		if _, err := hex.DecodeString(strings.ReplaceAll(pin, ":", "")); err == nil {
			return "this looks like the fingerprint of a certificate",
				"a pin is the hash of the public key, which stays when the certificate is renewed: " + form
		}
		return `a pin begins with "sha256//"`, form
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return "this pin is not base64", form
	case len(hash) != 32:
		return "this pin is not a SHA-256 hash, which has 32 bytes", form
	}
	return "", ""
}
