package config

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
	"github.com/zalando/go-keyring"
)

// canary is a password that must not be seen anywhere: FAULTS K1.
const canary = "Canary+0451/q!"

// tracks are what the canary would leave behind.
func tracks() map[string]string {
	found := map[string]string{
		"the text": canary, "percent encoding": url.QueryEscape(canary),
		"hex": hex.EncodeToString([]byte(canary)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(canary))),
		"decimal bytes": strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
		"hex bytes":     strings.Trim(strings.ReplaceAll(fmt.Sprintf("%#v", []byte(canary)), "[]byte", ""), "{}"),
		"half of it":    canary[:7], "the other half": canary[7:],
	}
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for shift := range 3 {
			// What stands before and behind it shares the characters at its ends.
			text := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + canary))
			found[fmt.Sprintf("%s, shifted by %d", name, shift)] = text[(shift*8+5)/6 : (shift+len(canary))*8/6]
		}
	}
	return found
}

func hasCanary(text string) (how string, found bool) {
	for how, track := range tracks() {
		if strings.Contains(text, track) {
			return how, true
		}
	}
	return "", false
}

// The search finds what it is for.
func TestTracks(t *testing.T) {
	for _, before := range []string{"", "1", "12", "\x00user\x00"} {
		for _, text := range []string{
			before + canary + "x", fmt.Sprintf("%x", before+canary), fmt.Sprintf("%X", before+canary),
			base64.StdEncoding.EncodeToString([]byte(before + canary)), base64.URLEncoding.EncodeToString([]byte(before + canary + "yz")),
			"?" + url.QueryEscape(before+canary), fmt.Sprint([]byte(before + canary)), fmt.Sprintf("%#v", []byte(before+canary)),
		} {
			if _, found := hasCanary(text); !found {
				t.Errorf("not found in %q", text)
			}
		}
	}
}

// print writes a value in every way a program may.
func print(value any) string {
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%T", "%10.3v"} {
		fmt.Fprintf(&b, verb+"\n", value)
		fmt.Fprintf(&b, verb+"\n", []any{value})
		fmt.Fprintf(&b, verb+"\n", map[string]any{"x": value})
		// Where fmt cannot call methods.
		fmt.Fprintf(&b, verb+"\n", struct{ x any }{value})
		fmt.Fprintf(&b, verb+"\n", []any{&struct{ x any }{value}})
	}
	fmt.Fprintln(&b, value)
	// What cannot be encoded says so, and what it is.
	text, err := json.Marshal(value)
	fmt.Fprintf(&b, "%s %v\n", text, err)
	text, err = json.Marshal(map[string]any{"x": value})
	fmt.Fprintf(&b, "%s %v\n", text, err)
	text, err = xml.Marshal(value)
	fmt.Fprintf(&b, "%s %v\n", text, err)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "value", value)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "value", value)
	func() {
		defer func() { fmt.Fprintln(&b, recover()) }()
		panic(value)
	}()
	if err, ok := value.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintf(&b, "%v %+v %#v %T\n", err, err, err, err)
			if fault, ok := err.(*Error); ok {
				fmt.Fprintf(&b, "%v %+v %#v\n%s\n%s", *fault, *fault, *fault, fault.Excerpt, fault.Hint)
			}
			if exit, ok := err.(*exec.ExitError); ok {
				fmt.Fprintf(&b, "%+v %#v %s", *exit, *exit, exit.Stderr)
			}
		}
	}
	return b.String()
}

func hidden(t *testing.T, what string, value any) {
	t.Helper()
	text, ok := value.(string)
	if !ok {
		text = print(value)
	}
	if how, found := hasCanary(text); found {
		t.Errorf("%s holds the canary (%s):\n%s", what, how, text)
	}
}

// canaryFile is a configuration with a canary in each place.
func canaryFile(t *testing.T) *File {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"canary.txt": canary + "\nmore " + canary + "\n", "wide.txt": "\xff\xfe" + canary, "second.txt": "\n" + canary,
		"large.txt": canary + strings.Repeat(canary, maxSecret/len(canary)),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := ""
	for name, source := range map[string]string{
		"literal": `password = '` + canary + `'`,
		"long":    "password = '''\n" + canary + "'''",
		"env":     `password_env = "CANARY"`,
		"unset":   `password_env = "NONE"`,
		"file":    `password_file = "canary.txt"`,
		"wide":    `password_file = "wide.txt"`,
		"second":  `password_file = "second.txt"`,
		"large":   `password_file = "large.txt"`,
		"missing": `password_file = "none.txt"`,
		"keyring": `keyring = { service = "mail", user = "ann" }`,
		"absent":  `keyring = { service = "mail", user = "nobody" }`,
		"prompt":  `prompt = true`,

		"command":       `password_command = "cat canary.txt"`,
		"fails":         `password_command = "cat canary.txt; exit 3"`,
		"prints much":   `password_command = "cat large.txt large.txt"`,
		"prints wide":   `password_command = "cat wide.txt"`,
		"prints second": `password_command = "cat second.txt"`,
		"dies":          `password_command = "cat canary.txt; kill -9 $$"`,
		"tells":         `password_command = "PASSWORD='` + canary + `' false '` + canary + `'"`,
		"begins":        `password_command = "'` + canary + `' x"`,
	} {
		name = strings.ReplaceAll(name, " ", "-")
		text += "[account." + name + "]\nhost = \"smtp.example.org\"\nusername = \"ann\"\n" + source + " # " + canary + "\n"
		if !strings.HasPrefix(source, "password =") {
			text += "[secret." + name + "]\n" + strings.TrimPrefix(source, "password_") + "\n"
		}
	}
	path := filepath.Join(folder, Name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := Load(path)
	if err != nil {
		t.Fatal(said(err))
	}
	return file
}

func TestCanary(t *testing.T) {
	file := canaryFile(t)
	keyring.MockInit()
	if err := keyring.Set("mail", "ann", canary); err != nil {
		t.Fatal(err)
	}
	hidden(t, "the file", file)
	hidden(t, "the file's value", *file)
	hidden(t, "the warnings", strings.Join(file.Warnings, "\n"))

	// Whoever runs the tests is not asked.
	nobody, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()

	works := map[string]bool{"literal": true, "long": true, "env": true, "file": true, "keyring": true, "command": true}
	sources := map[string]Source{}
	for name, account := range file.Accounts {
		sources["account "+name] = account.Password
		hidden(t, name, account)
		hidden(t, name, &account)
		options, err := account.Options()
		hidden(t, name+" options", fmt.Sprintf("%v %+v %#v %v", options, options, options, err))
		extras, err := account.Extras()
		hidden(t, name+" extras", extras)
		hidden(t, name+" extras", fmt.Sprint(err))
	}
	for name, source := range file.Secrets {
		sources["secret "+name] = source
	}
	for name, source := range sources {
		if !source.Command.IsZero() {
			if runtime.GOOS == "windows" {
				continue
			}
		}
		hidden(t, name, source)
		hidden(t, name, &source)
		hidden(t, name, source.String())
		hidden(t, name, source.Command)
		var said bytes.Buffer
		r := Reader{
			Stdin: nobody, Stderr: &said, LookupEnv: environment(map[string]string{"CANARY": canary}),
			Warn: func(text string) { fmt.Fprintln(&said, text) },
		}
		secret, err := r.Secret(t.Context(), source)
		if works[name[strings.Index(name, " ")+1:]] != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && reveal(secret) != canary {
			t.Errorf("%s is %q", name, reveal(secret))
		}
		hidden(t, name+" as a secret", secret)
		hidden(t, name+" as a secret", &secret)
		if err != nil {
			hidden(t, name+" as an error", err)
		}
		// The shell complains, by its name, of a program it does not find.
		if !strings.HasSuffix(name, " begins") {
			hidden(t, name+" on standard error", said.String())
			hidden(t, name+" as a reader", r)
		}
	}
	for name, account := range file.Accounts {
		if !account.Password.Command.IsZero() && runtime.GOOS == "windows" {
			continue
		}
		r := Reader{Stdin: nobody, Stderr: new(bytes.Buffer), LookupEnv: environment(map[string]string{"CANARY": canary})}
		credentials, err := account.Credentials(t.Context(), r)
		hidden(t, name+" as credentials", credentials)
		hidden(t, name+" as credentials", &credentials)
		if err != nil {
			hidden(t, name+" as credentials", err)
		}
	}
	hidden(t, "a reader", Reader{Stdin: os.Stdin, Stderr: os.Stderr, Folder: "x"})

	// Nor does an end before the beginning say more.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, source := range sources {
		_, err := Reader{Stdin: nobody, Stderr: new(bytes.Buffer)}.Secret(ctx, source)
		hidden(t, name+", cancelled", err)
	}
}

// What the runtime prints of a panic that nobody recovers from.
func TestCanaryPanic(t *testing.T) {
	file := canaryFile(t)
	r := Reader{LookupEnv: environment(nil)}
	_, failure := r.Secret(t.Context(), file.Secrets["unset"])
	values := map[string]any{
		"file": file, "account": file.Accounts["literal"], "source": file.Accounts["literal"].Password,
		"secret": file.Accounts["literal"].Password.Literal, "error": failure, "tells": file.Accounts["tells"].Password,
		"joined": smtp.Join(smtp.NewSecret("Bearer "), file.Accounts["literal"].Password.Literal),
	}
	if name := os.Getenv("CONFIG_TEST_PANIC"); name != "" {
		panic(values[name])
	}
	for name := range values {
		child := exec.Command(os.Args[0], "-test.run=^TestCanaryPanic$")
		child.Env = append(os.Environ(), "CONFIG_TEST_PANIC="+name, "GOTRACEBACK=all")
		output, err := child.CombinedOutput()
		if err == nil || !strings.Contains(string(output), "panic: ") {
			t.Errorf("%s: no panic: %v\n%s", name, err, output)
		}
		hidden(t, "a panic with "+name, string(output))
	}
}

// A password that stands where it should not is not repeated.
func TestCanaryMisplaced(t *testing.T) {
	for _, source := range []string{
		`host = "smtp://ann:` + canary + `@smtp.example.org"`,
		`host = "ann:` + canary + `@smtp.example.org"`,
		`user = "` + canary + `"`,
		`pasword = "` + canary + `"`,
		`secret = { value = "` + canary + `" }`,
		`secret = ["` + canary + `"]`,
		`password = ["` + canary + `"]`,
		`password = { x = "` + canary + `" }`,
		`password_command = ["echo", "` + canary + `"]`,
		`password_env = "` + canary + `"`,
		`password_env = "$` + canary + `"`,
		`timeouts = "` + canary + `"`,
		`password = "` + canary + `" "`,
		`password = "` + canary + `\z"`,
		`password = "` + canary,
		`password = '` + canary,
		`password = """` + canary,
		`password = ` + canary,
		`password == "` + canary + `"`,
		`password "` + canary + `"`,
		`password: ` + canary,
		`password ` + canary,
		`= "` + canary + `"`,
		`# ` + canary + "\n\x01",
		`# ` + canary + "\x01",
		"password = \"" + canary + "\"\npassword = \"" + canary + "\"",
		"password = \"" + canary + "\" password = \"" + canary + "\"",
		"password = \"x\n" + canary + "\"",
		"password = \"x\nmore = " + canary + "\"",
		"host = \"x\npassword = \"" + canary + "\"",
		"password = \"" + canary + "\xff\"",
		"password = \"" + canary + "\x00\"",
		"\tpassword\t=\t\"" + canary + "\"\tx",
		"password = \"" + canary + "\"\rx",
	} {
		for _, before := range []string{"", "[account.default]\n", "[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\n", "[secret.crm]\n"} {
			_, err := Parse("mailscript.toml", []byte(before+source+"\n"))
			if err == nil {
				t.Errorf("no error: %s", source)
				continue
			}
			hidden(t, source, err)
		}
	}
}

// Client secret, refresh token and access token, and an endpoint that repeats
// what it was asked with, whole, in part and encoded.
func TestCanaryTokens(t *testing.T) {
	echoes := map[string]func(form url.Values) string{
		"description": func(form url.Values) string {
			text, _ := json.Marshal(map[string]string{"error": "invalid_grant", "error_description": "no " + form.Get("refresh_token") + " with " + form.Get("client_secret")})
			return string(text)
		},
		"code": func(form url.Values) string { return `{"error": "` + strings.Trim(canary, "+/!") + `"}` },
		"form": func(form url.Values) string {
			return `{"error": "invalid_grant", "error_description": "` + form.Encode() + `"}`
		},
		"base64": func(form url.Values) string {
			return `{"error": "invalid_grant", "error_description": "` + base64.StdEncoding.EncodeToString([]byte("x:"+form.Get("client_secret"))) + `"}`
		},
		"no JSON":  func(form url.Values) string { return canary },
		"no token": func(form url.Values) string { return `{"refresh_token": "` + canary + `2"}` },
		"another kind": func(form url.Values) string {
			return `{"access_token": "` + canary + `", "token_type": "` + canary + `"}`
		},
		"a part of it":  func(form url.Values) string { return `{"access_token": "` + canary },
		"a number":      func(form url.Values) string { return `{"access_token": "x", "expires_in": "` + canary + `"}` },
		"the new token": func(form url.Values) string { return `{"access_token": "x", "refresh_token": "` + canary + `\n"}` },
		"it": func(form url.Values) string {
			return `{"access_token": "` + canary + `", "refresh_token": "` + canary + `3"}`
		},
		"it, without both": func(form url.Values) string { return `{"error": {"x": "` + canary + `"}}` },
	}
	for name, echo := range echoes {
		for _, status := range []int{200, 302, 400, 500} {
			keys := "client_secret = '" + canary + "'\ntoken_file = \"refresh.token\""
			if status == 500 {
				keys = "client_secret = '" + canary + "'\nrefresh_token = '" + canary + "'"
			}
			e := endpointAt(t, keys, func(w http.ResponseWriter, form url.Values) {
				w.Header().Set("Location", "https://"+strings.Trim(canary, "+/!")+".example/"+canary)
				w.WriteHeader(status)
				fmt.Fprint(w, echo(form))
			})
			if err := os.WriteFile(e.file, []byte(canary), 0o600); err != nil {
				t.Fatal(err)
			}
			tokens := e.tokens()
			what := fmt.Sprintf("%s, %d", name, status)
			for range 2 {
				token, err := tokens.Token(t.Context())
				hidden(t, what, token)
				if err != nil {
					hidden(t, what, err)
				}
				hidden(t, what, tokens)
				// Also where fmt cannot call methods.
				hidden(t, what, fmt.Sprintf("%v %+v %#v", struct{ x *Tokens }{tokens}, struct{ x any }{tokens}, []any{tokens}))
			}
			hidden(t, what, e.account)
			hidden(t, what, e.account.OAuth2)
			hidden(t, what, &e.account.OAuth2)
			hidden(t, what, e.warned.String())
		}
	}
	// Answers that are no HTTP.
	e := endpointAt(t, "", func(w http.ResponseWriter, _ url.Values) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprint(conn, canary+"\r\n\r\n")
			conn.Close()
		}
	})
	_, err := e.tokens().Token(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	hidden(t, "no HTTP", err)
}

// Credentials where they should not be.
func TestCanaryTokensMisplaced(t *testing.T) {
	for _, says := range []string{
		`client_id = ["` + canary + `"]`, `client_secret = ["` + canary + `"]`, `refresh_token = 1 # ` + canary, `token = "` + canary + `"`,
		`client_secret = "` + canary, `refresh_token = "` + canary + `" x`, `refresh_token_env = "` + canary + `"`, `client_secret_env = "$` + canary + `"`,
		`token_url = "https://x:` + canary + `@login.example.org/"`, `token_url = "` + canary + `@x"`, `client_secret_command = ["` + canary + `"]`,
		"refresh_token = '" + canary + "'\nrefresh_token = '" + canary + "'", `client_secret_keyring = { pass = "` + canary + `" }`,
	} {
		_, err := Parse(Name, []byte("[account.x]\nhost = \"smtp.example.org\"\nusername = \"ann\"\n[account.x.oauth2]\n"+says+"\n"))
		if err == nil {
			t.Errorf("no error: %s", says)
			continue
		}
		hidden(t, says, err)
	}
}
