package smtp

import (
	"crypto/subtle"
	"io"
	"net/url"
)

// RefreshForm is the body of a request for a new access token (RFC 6749,
// section 6). A zero clientSecret and an empty scope are left out.
func RefreshForm(clientID string, clientSecret, refreshToken Secret, scope string) []byte {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {clientID},
		"refresh_token": {refreshToken.reveal()},
	}
	if !clientSecret.IsZero() {
		form.Set("client_secret", clientSecret.reveal())
	}
	if scope != "" {
		form.Set("scope", scope)
	}
	return []byte(form.Encode())
}

// Redact replaces credentials in what somebody else says of them: as they are,
// in hexadecimal, in base64 and in percent encoding.
func Redact(text string, secrets ...Secret) string {
	var r redactor
	for _, secret := range secrets {
		value := secret.reveal()
		r.hide(value)
		if escaped := url.QueryEscape(value); escaped != value {
			r.hide(escaped)
		}
	}
	return r.clean(text)
}

// SaveTo writes the credential into the file that keeps it. Beside it only
// log-ins and RefreshForm give credentials away.
func (s Secret) SaveTo(w io.Writer) error {
	_, err := io.WriteString(w, s.reveal())
	return err
}

// Equal reports whether two credentials are the same.
func (s Secret) Equal(other Secret) bool {
	return s.IsZero() == other.IsZero() && subtle.ConstantTimeCompare([]byte(s.reveal()), []byte(other.reveal())) == 1
}
