package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"plain.lua":   "\nerror 'm'",
		"shebang.lua": "#!/usr/bin/env mailscript\nerror 'm'",
		"bom.lua":     "\ufeff\nerror 'm'",
		"both.lua":    "\ufeff#!/usr/bin/env mailscript\nerror 'm'",
		"crlf.lua":    "#!/usr/bin/env mailscript\r\nerror 'm'\r\n",
	} {
		writeFiles(t, folder, map[string]string{name: text})
		s, err := Load(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := newRuntime(t, Options{}).Run(context.Background(), s); err == nil || err.Error() != name+":2: m" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, bad := range []string{filepath.Join(folder, "missing.lua"), folder, os.DevNull} {
		if s, err := Load(bad); err == nil {
			t.Errorf("%s: loaded %v", bad, s)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "N", string(rune('a'+i/676%26))+string(rune('a'+i/26%26))+string(rune('a'+i%26))))
		}
		return b.String()
	}
	for source, want := range map[string]string{
		"local x\n\tx = = 1":                "x.lua:2: syntax error near \"=\"\n\tx = = 1\n\t    ^",
		"print(":                            "x.lua:1: syntax error near \"<eof>\"\nprint(\n      ^",
		"if x then\n\n":                     "x.lua:1: syntax error near \"<eof>\"\nif x then\n         ^",
		"x = 'abc\ny":                       "x.lua:1: unterminated string near \"abc\"\nx = 'abc\n     ^",
		"break":                             "x.lua:1: no loop to break\nbreak",
		"goto nowhere":                      "x.lua:1: no visible label 'nowhere' for <goto> at line 1\ngoto nowhere",
		"x = 5 $ 6":                         "x.lua:1: invalid token near \"$\"\nx = 5 $ 6\n      ^",
		"\x1bLua\x51":                       "x.lua: compiled Lua is not accepted, only source\n",
		"local function f() return ... end": "x.lua:1: cannot use '...' outside a vararg function\nlocal function f() return ... end",
	} {
		_, err := LoadSource("x.lua", source)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v", source, err)
			continue
		}
		if got := syntax.Error() + "\n" + syntax.Excerpt(); got != want {
			t.Errorf("%q:\ngot\n%s\nwant\n%s", source, got, want)
		}
	}
	for name, source := range map[string]string{
		"locals":    many(300, "local vN = 1\n"),
		"upvalues":  many(150, "local vN = 1 ") + "function f() " + many(150, "local vN2 = 1 ") + " function g() " + many(150, "vN = vN2 ") + " end end",
		"arguments": "f(" + many(300, "vN,") + "1)",
		"gotos":     many(500, "goto vN ::vN:: ") + many(30000, "do ::l:: if x then goto l end end "),
		"concat":    "x = ''" + many(400, "..vN"),
	} {
		done := make(chan struct{})
		timer := time.AfterFunc(20*time.Second, func() { panic(name + " takes too long") })
		go func() {
			defer close(done)
			s, err := LoadSource("x.lua", source)
			if err == nil {
				_ = newRuntime(t, Options{}).Run(context.Background(), s)
			}
			t.Logf("%s: %v", name, err)
		}()
		<-done
		timer.Stop()
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"", "x = 1", "#!x\nprint 'y'", "((((", "--[==[ x ]==] y", "goto a ::a::", "a.b:c'd'{}[1]()", "\ufeff#",
		"local function f(...) return ... end", "x = function() if a then elseif b then else end end", "'\\\r\n'", "[=", "--[="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, err := LoadSource("fuzz.lua", source)
		var syntax *SyntaxError
		switch {
		case err == nil && s.proto == nil:
			t.Fatal("neither script nor error")
		case err != nil && !errors.As(err, &syntax):
			t.Fatalf("error is a %T", err)
		case err != nil:
			_ = syntax.Excerpt()
			if strings.Contains(err.Error(), "runtime error") {
				t.Fatal(err)
			}
		}
	})
}
