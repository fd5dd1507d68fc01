//go:build interop

package interop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// tokenKey signs access tokens.
const tokenKey = "a key for the tests of tokens, of 256 bits at least"

// token is an access token (RFC 7519) for a user, good for an hour.
func token(user string) string {
	part := func(claims map[string]any) string {
		text, err := json.Marshal(claims)
		if err != nil {
			panic(err) // strings and numbers cannot fail
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	now := time.Now()
	signed := part(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "email": user, "iat": now.Unix() - 60, "exp": now.Add(time.Hour).Unix()})
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// writeTokenKey puts the key where Dovecot looks for it: by client,
// algorithm and name of the key.
func writeTokenKey(t *testing.T, folder string) {
	t.Helper()
	keys := filepath.Join(folder, "keys", "default", "HS256")
	if err := os.MkdirAll(keys, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(keys, "default"), base64.StdEncoding.EncodeToString([]byte(tokenKey)), 0o644)
	write(t, filepath.Join(folder, "oauth2.conf"), "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix="+filepath.Join(folder, "keys")+"/\n", 0o644)
}
