package config

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf16"

	"github.com/mailscript/mailscript/smtp"
	"github.com/zalando/go-keyring"
)

// fromKeyring asks the Secret Service, the macOS keychain or the Windows
// credential manager.
func (s Source) fromKeyring(ctx context.Context) (smtp.Secret, error) {
	value, err := abandon(ctx, func() (string, error) { return keyring.Get(s.Keyring.Service, s.Keyring.User) })
	switch {
	case ctx.Err() != nil && err != nil:
		return smtp.Secret{}, s.fault("", "was not read: "+err.Error(), "", err)
	case errors.Is(err, keyring.ErrNotFound):
		return smtp.Secret{}, s.fault(s.String(), "is not there", s.Keyring.storeHint(runtime.GOOS), err)
	case err != nil:
		return smtp.Secret{}, s.at.fault(fmt.Sprintf("%s: keyring: %s", s.label, err),
			"many machines without a desktop have none; a command, an environment variable or a file work there", err)
	}
	return s.secret(narrow(value))
}

// storeHint is the command that puts a secret into the keyring of a system.
func (k Keyring) storeHint(system string) string {
	switch system {
	case "darwin":
		return fmt.Sprintf("store it with: security add-generic-password -s %q -a %q -w", k.Service, k.User)
	case "windows":
		return fmt.Sprintf("store it with: cmdkey /generic:%q /user:%q /pass", k.Service+":"+k.User, k.User)
	}
	return fmt.Sprintf("store it with: secret-tool store --label=mailscript service %q username %q", k.Service, k.User)
}

// narrow undoes what Windows' cmdkey does to a password, which it stores as
// UTF-16 (little endian). No password holds a NUL.
func narrow(text string) string {
	if len(text)%2 != 0 || !strings.Contains(text, "\x00") {
		return text
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 0; i < len(text); i += 2 {
		units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
	}
	return string(utf16.Decode(units))
}
