package luaapi

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

const canary = "tr0ub4dor&3-canary"

// wantNoCanary looks for the password raw, in hexadecimal, and in base64 at each
// of its three alignments, without the characters that its neighbours change.
func wantNoCanary(t *testing.T, where, text string) {
	t.Helper()
	forms := []string{canary, hex.EncodeToString([]byte(canary))}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte("xyz"[:shift] + canary))
		forms = append(forms, encoded[2:len(encoded)-4])
	}
	for _, form := range forms {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			at := strings.Index(strings.ToLower(text), strings.ToLower(form))
			t.Fatalf("%s shows the password as %q, behind %q", where, form, text[max(0, at-200):at])
		}
	}
}

// dumping tries to print what it can get hold of.
const dumping = `
local smtp, secret = require "smtp", require "secret"

local function show(name, value, seen)
  print(name, value, ("%s"):format(tostring(value)))
  if type(value) == "table" then
    for k, v in pairs(value) do show(name .. "." .. tostring(k), v) end
  end
end

local held = { get = secret.get "crm", env = secret.env "CANARY", file = secret.file "password.txt" }
for name, value in pairs(held) do
  show(name, value)
  show(name .. " joined", "Bearer " .. value .. "!")
  print(pcall(function() return #value end))
  print(pcall(function() return value + 1 end))
  print(pcall(function() return value:sub(1) end))
  print(pcall(function() return value.value end))
  print(pcall(string.format, "%q", value))
  print(pcall(string.rep, value, 2))
  print(pcall(error, value))
  print(pcall(function() for k in pairs(value) do print(k) end end))
  print(pcall(smtp.connect, { host = value }))
  print(pcall(smtp.connect, value))
end

for _, name in ipairs { "literal", "command", "env", "file" } do
  local session = smtp.connect(name)
  local reply, fault = try(session.auth, session)
  show("reply", reply)
  show("fault", fault)
  if fault then
    for _, field in ipairs { "kind", "message", "hint", "command", "code", "where", "cause", "replies", "result" } do
      print(field, pcall(function() show(field, fault[field]) end))
    end
  end
  print(session, session.account, session.greeting, session.tls)
  show("transcript", session.transcript)
end
error(held.get)
`

// However a script and the program around it print, the password is not in it:
// not where the server repeats it, and not in a failure of our own.
func TestPasswordStaysHidden(t *testing.T) {
	for _, echo := range []string{canary, hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte("\x00ann\x00" + canary))} {
		t.Setenv("CANARY", canary)
		port := play(t, nil, condition{server: offering("AUTH PLAIN", "C: AUTH", "S: 535-5.7.8 "+echo+" is wrong", "S: 535 5.7.8 "+echo)})
		root := t.TempDir()
		account := func(name, password string) string {
			return fmt.Sprintf("[account.%s]\nhost='127.0.0.1'\nport=%d\ntls='off'\nauth_in_clear=true\nusername='%s'\n%s\n", name, port, name, password)
		}
		text := account("literal", "password='"+canary+"'") + account("command", "password_command='printenv CANARY'") +
			account("env", "password_env='CANARY'") + account("file", "password_file='password.txt'") + "[secret.crm]\nenv='CANARY'\n"
		path := filepath.Join(root, "mailscript.toml")
		for name, content := range map[string]string{path: text, filepath.Join(root, "password.txt"): canary + "\n"} {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		file, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		var out, events bytes.Buffer
		options := Options{
			Root: root, Config: file, Secrets: config.Reader{Folder: root, Stderr: &out, Warn: func(text string) { fmt.Fprintln(&out, text) }},
			Trace:    func(e smtp.Entry) { fmt.Fprintln(&out, e) },
			OnResult: func(e Event) { _ = json.NewEncoder(&events).Encode(e) },
		}
		api := New(options)
		rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
		script, err := engine.LoadSource("test.lua", dumping)
		if err != nil {
			t.Fatal(err)
		}
		err = rt.Run(t.Context(), script)
		if err == nil || !strings.Contains(err.Error(), "‹secret›") || strings.Count(out.String(), "AUTH PLAIN ‹secret›") < 4 {
			t.Errorf("the script did not come to its end: %v", err)
		}
		api.Close(t.Context())
		wantNoCanary(t, "output", out.String())
		wantNoCanary(t, "events", events.String())
		wantNoCanary(t, "error", err.Error())
		for _, value := range []any{options, api, file, file.Accounts, api.sessions, api.secrets, api.refused, err, rt} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				wantNoCanary(t, fmt.Sprintf("%s of %T", verb, value), fmt.Sprintf(verb, value))
			}
			if encoded, err := json.Marshal(value); err == nil {
				wantNoCanary(t, fmt.Sprintf("JSON of %T", value), string(encoded))
			}
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A panic in a function that holds a secret ends the run with its stack, and
// without the secret.
func TestPanicHidesSecrets(t *testing.T) {
	held := smtp.NewSecret(canary)
	rt := engine.New(engine.Options{Modules: []engine.Module{{Name: "broken", Open: func(rt *engine.Runtime) lua.LValue {
		return rt.NewFunction("broken", func(*lua.LState) int { panic(fmt.Sprintf("%v %#v", held, &held)) })
	}}}})
	defer rt.Close(t.Context())
	script, err := engine.LoadSource("test.lua", `require "broken"()`)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), script)
	internal, ok := err.(*engine.InternalError)
	if !ok {
		t.Fatal(err)
	}
	wantNoCanary(t, "panic", fmt.Sprintf("%v %+v %#v %s", internal, internal, internal, internal.Stack))
}
