package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// tokenFile is a file that holds a refresh token, and nothing else. It is
// replaced as a whole, so that at every moment one of the two tokens is in it.
type tokenFile struct {
	path  string // of the file itself, behind all links
	label string
	at    place
}

func (o OAuth2) file() tokenFile {
	f := tokenFile{path: o.TokenFile, label: o.RefreshToken.label, at: o.at["token_file"]}
	// What is renamed onto a link would take its place.
	if real, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = real
	}
	return f
}

func (f tokenFile) fault(text, hint string, cause error) error {
	return f.at.fault(fmt.Sprintf("%s: file %s %s", f.label, f.path, text), hint, cause)
}

// read returns the token. A file that others may read is refused: who has the
// token sends in the owner's name until somebody revokes it.
func (f tokenFile) read() (smtp.Secret, error) {
	text, info, err := readRegular(f.path, maxSecret)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return smtp.Secret{}, f.fault("is not there", "put the refresh token into it, and chmod 600; docs/accounts.md says how to get one", err)
	case err != nil:
		return smtp.Secret{}, f.fault("was not read: "+err.Error(), "", err)
	case othersMayRead(info):
		return smtp.Secret{}, f.fault("may be read or written by others, and is not used", "chmod 600 "+f.path, nil)
	}
	line, err := Source{}.meant(text)
	line = strings.TrimSpace(line)
	switch {
	case err != nil:
		return smtp.Secret{}, f.fault(err.Error(), "save it as UTF-8", err)
	case line == "":
		return smtp.Secret{}, f.fault("is empty", "put the refresh token into it; docs/accounts.md says how to get one", nil)
	case line[0] == '{':
		return smtp.Secret{}, f.fault("holds JSON", "put the value of refresh_token alone into it", nil)
	case !isToken(line):
		return smtp.Secret{}, f.fault("does not hold a token", "the first line is the refresh token, printable ASCII", nil)
	}
	return smtp.NewSecret(line), nil
}

// isToken reports whether a text can be a refresh token (RFC 6749, appendix
// A.17).
func isToken(text string) bool {
	return text != "" && len(text) <= maxSecret && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' })
}

// replacement is the file that will take the place of a token file.
type replacement struct {
	*os.File
	of tokenFile
}

// replace opens a file beside the old one. It is opened before the endpoint is
// asked, so that a folder that cannot be written to is found while the old token
// still counts.
func (f tokenFile) replace() (*replacement, error) {
	// Its permissions are 0600.
	beside, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*")
	if err != nil {
		return nil, f.fault("cannot be replaced: "+withoutPath(err).Error()+"; nothing was asked",
			"a new refresh token is saved there when the service gives one: make the folder writable, or use refresh_token_file where it never does", err)
	}
	return &replacement{beside, f}, nil
}

// discard removes it where there is nothing to save.
func (r *replacement) discard() {
	r.Close()
	_ = os.Remove(r.Name())
}

// commit writes the token and puts it in the old one's place. Where it fails the
// old file is as it was.
func (r *replacement) commit(token smtp.Secret) error {
	err := token.SaveTo(r)
	if err == nil {
		_, err = r.WriteString("\n")
	}
	if err == nil {
		err = r.Sync()
	}
	if closing := r.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(r.Name(), r.of.path)
	}
	if err != nil {
		_ = os.Remove(r.Name())
		return r.of.fault("was not replaced: "+withoutPath(err).Error(),
			"the service gave out a new refresh token, which is lost when the run ends; the old one may be void: make room or fix the folder, and get a new token", err)
	}
	// The new name too must survive a power cut. Not every system can be asked to.
	if folder, err := os.Open(filepath.Dir(r.of.path)); err == nil {
		_ = folder.Sync()
		folder.Close()
	}
	return nil
}
