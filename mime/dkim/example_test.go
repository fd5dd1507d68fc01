package dkim_test

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/mailscript/mailscript/mime/dkim"
)

// A body that goes to many people is hashed once.
func Example() {
	key, err := dkim.NewKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := dkim.NewSigner(dkim.Options{Signatures: []dkim.Signature{{Domain: "example.com", Selector: "s2026", Key: key}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := signer.HashBody([][]byte{[]byte("Hello\r\n")})
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, to := range []string{"bob@example.net", "carol@example.org"} {
		header := "From: ann@example.com\r\nTo: " + to + "\r\nSubject: Hello\r\n"
		fields, err := signer.Sign([]byte(header), body, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		first, _, _ := strings.Cut(string(fields), "\r\n")
		fmt.Println(to, first)
	}
	_, err = signer.Sign([]byte("From: ann@example.org\r\n"), body, now)
	fmt.Println(err)
	fmt.Println(key.Record())
	// Output:
	// bob@example.net DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com;
	// carol@example.org DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com;
	// dkim: signing: the keys are of example.com, the From field is of example.org
	// v=DKIM1; k=ed25519; p=O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
}
