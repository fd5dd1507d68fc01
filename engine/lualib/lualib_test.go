package lualib

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// call runs one function on a fresh state and returns its results as text, or the error.
func call(t testing.TB, fn Function, args ...lua.LValue) (string, error) {
	t.Helper()
	L := lua.NewState(lua.Options{SkipOpenLibs: true, RegistryMaxSize: 1 << 20})
	defer L.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	L.SetContext(ctx)
	if err := L.CallByParam(lua.P{Fn: L.NewFunction(fn), NRet: lua.MultRet, Protect: true}, args...); err != nil {
		if ctx.Err() != nil {
			t.Fatal("took more than ten seconds")
		}
		if strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
		return "", err
	}
	var texts []string
	for i := 1; i <= L.GetTop(); i++ {
		texts = append(texts, L.Get(i).String())
	}
	return strings.Join(texts, "\x00"), nil
}

// Any pattern ends, and neither finds nor replaces outside of the subject.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][3]string{
		{"hello world", "(%w+) (%w+)", "%2 %1"}, {"f(a(b)c)d", "%b()", "%0"}, {"THE fox", "%f[%a]%a+", "x"}, {"aaa", "a-", "%1"},
		{"", "^$", ""}, {"a]b", "[]]", ""}, {"a-b", "[a%-]*()", "%1"}, {"xyx", "(x)y%1", "%9"}, {"a", "[^", "%"}, {"ab", "a?b?$", "-"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, subject, pattern, replacement string) {
		if len(subject) > 1000 || len(pattern) > 100 { // the budget of steps is tested elsewhere
			return
		}
		s, p := lua.LString(subject), lua.LString(pattern)
		found, errFind := call(t, find, s, p)
		matched, errMatch := call(t, match, s, p)
		if errFind == nil && errMatch == nil && (found == "nil") && matched != "nil" {
			t.Errorf("find finds nothing, match %q", matched)
		}
		if same, err := call(t, gsub, s, p, lua.LString("%0")); err == nil && !strings.HasPrefix(same, subject+"\x00") {
			t.Errorf("replacing each match with itself makes %q of %q", same, subject)
		}
		_, _ = call(t, gsub, s, p, lua.LString(replacement))
	})
}

// Any format ends in a text or an error.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{"%d", "%5.2f|%-10s|%q", "%#x%o%e%g%c%%", "%[1]s", "%*d", "%099.99f", "%", "%a %A"} {
		f.Add(seed, 3.7, "text")
	}
	f.Fuzz(func(t *testing.T, text string, number float64, argument string) {
		if len(text) < 1000 {
			_, _ = call(t, format, lua.LString(text), lua.LNumber(number), lua.LString(argument), lua.LNumber(number), lua.LNil)
		}
	})
}

// What is written reads back as the same number, to 14 digits.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1", "-1.5", "1e300", "0x10", " 5 ", "1e15", "123456789012345", ".5e-7", "inf", "0x", "1_0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := ParseNumber(text)
		if !ok {
			return
		}
		written := FormatNumber(n)
		again, ok := ParseNumber(written)
		if !ok && !strings.HasSuffix(written, "inf") {
			t.Fatalf("%q is written %q, which is no number", text, written)
		}
		if ok && math.Abs(again-n) > math.Abs(n)*1e-13 {
			t.Errorf("%q is written %q", text, written)
		}
	})
}
