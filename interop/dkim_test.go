//go:build interop && linux

package interop

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/mime/dkim"
	"github.com/mailscript/mailscript/mime/mimetest"
)

// TestDKIM has generated messages, signed in every way, verified by OpenDKIM and dkimpy.
// Of each, one copy is changed and must not pass.
func TestDKIM(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	keys := signatures(t)
	var records strings.Builder
	arguments := []string{"testdata/verify.py"}
	for _, s := range keys {
		name := s.Selector + "._domainkey." + s.Domain
		fmt.Fprintf(&records, "%s %s\n", name, s.Key.Record())
		arguments = append(arguments, name+"="+s.Key.Record())
	}
	write(t, filepath.Join(folder, "keys"), records.String(), 0o644)
	write(t, filepath.Join(folder, "opendkim.conf"), "TestPublicKeys "+filepath.Join(folder, "keys")+"\nMode v\nSyslog no\nAlwaysAddARHeader yes\nAuthservID mx.example\n", 0o644)

	algorithms := map[string]string{} // by file: those of its signatures, in order
	var files []string
	seed := uint64(0)
	for _, signers := range [][]dkim.Signature{keys[:1], keys[1:], keys} {
		for _, header := range []dkim.Canonicalization{dkim.Simple, dkim.Relaxed} {
			for _, body := range []dkim.Canonicalization{dkim.Simple, dkim.Relaxed} {
				signer, err := dkim.NewSigner(dkim.Options{Signatures: signers, Header: header, Body: body, Alignment: dkim.IgnoreAlignment})
				if err != nil {
					t.Fatal(err)
				}
				for range 10 {
					c, err := mimetest.New(seed)
					if err != nil {
						t.Fatal(err)
					}
					raw := string(c.Message.Bytes())
					fields, err := signer.SignReader(strings.NewReader(raw), time.Now())
					if err != nil {
						t.Fatalf("message %s: %v", c.Name, err)
					}
					var all []string
					for _, s := range signers {
						all = append(all, string(s.Key.Algorithm()))
					}
					for name, text := range map[string]string{"good": string(fields) + raw, "changed": string(fields) + raw + "x\r\n"} {
						path := filepath.Join(folder, fmt.Sprintf("%s-%s.eml", c.Name, name))
						write(t, path, text, 0o644)
						files = append(files, path)
						algorithms[path] = strings.Join(all, " ")
					}
					seed++
				}
			}
		}
	}
	t.Run("dkimpy", func(t *testing.T) { verifyByDkimpy(t, append(arguments, files...)).check(t, algorithms) })
	t.Run("OpenDKIM", func(t *testing.T) {
		verifyByOpenDKIM(t, filepath.Join(folder, "opendkim.conf"), files).check(t, algorithms)
	})
}

// signatures are an RSA and an Ed25519 key of one domain.
func signatures(t *testing.T) []dkim.Signature {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := dkim.NewKey(private)
	if err != nil {
		t.Fatal(err)
	}
	edKey, err := dkim.NewKey(edPrivate)
	if err != nil {
		t.Fatal(err)
	}
	return []dkim.Signature{{Domain: "bank.example", Selector: "r", Key: rsaKey}, {Domain: "bank.example", Selector: "e", Key: edKey}}
}

// verdicts are algorithms and what became of their signatures, by file.
type verdicts map[string]string

// check compares them with the algorithms that each file was signed with: all pass
// where nobody changed it, else none.
func (v verdicts) check(t *testing.T, algorithms map[string]string) {
	t.Helper()
	for path, all := range algorithms {
		var want []string
		for _, algorithm := range strings.Fields(all) {
			if strings.HasSuffix(path, "-good.eml") {
				want = append(want, algorithm+" pass")
			} else {
				want = append(want, algorithm+" fail")
			}
		}
		if got := v[path]; got != strings.Join(want, " ") {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func verifyByDkimpy(t *testing.T, arguments []string) verdicts {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := verdicts{}
	for line := range strings.Lines(string(out)) {
		words := strings.Split(strings.TrimSpace(line), "\t")
		if len(words) != 3 {
			t.Fatalf("dkimpy prints %q", line)
		}
		verdict := "fail"
		if words[2] == "True" {
			verdict = "pass"
		}
		found[words[0]] = strings.TrimSpace(found[words[0]] + " " + words[1] + " " + verdict)
	}
	return found
}

var (
	// What opendkim -vv prints: a field for each message, then a line with its file.
	verifiedFile = regexp.MustCompile(`^opendkim: (\S+\.eml): verification `)
	verdict      = regexp.MustCompile(`dkim=(pass|fail)\b.* header\.a=(\S+)`)
)

func verifyByOpenDKIM(t *testing.T, config string, files []string) verdicts {
	t.Helper()
	command := exec.Command(require(t, "opendkim"), "-x", config, "-vv", "-t", strings.Join(files, ","))
	out, err := command.Output() // and much on standard error
	if err != nil {
		t.Fatal(err)
	}
	found, all := verdicts{}, []string(nil)
	for line := range strings.Lines(string(out)) {
		if v := verdict.FindStringSubmatch(line); v != nil {
			all = append(all, v[2]+" "+v[1])
		} else if file := verifiedFile.FindStringSubmatch(line); file != nil {
			found[file[1]], all = strings.Join(all, " "), nil
		}
	}
	return found
}
