package server

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Row K1: no way of printing credentials shows the password.
func TestSecretIsNotShown(t *testing.T) {
	canary := "canary"
	c := Credentials{"PLAIN", "", "ann", Secret{&canary}}
	if c.Password.Reveal() != canary {
		t.Error("the secret is lost")
	}
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%!", "%p"} {
		fmt.Fprintf(&b, verb+verb+verb+"\n", c, &c, c.Password)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "c", c, "p", c.Password)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "c", c, "p", c.Password)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	for _, form := range []string{"canary", "63616e617279", "63616E617279", "Y2FuYXJ5", "99 97 110"} {
		if strings.Contains(b.String(), form) {
			t.Errorf("%q shows in:\n%s", form, b.String())
		}
	}
}
