package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// raises runs source and returns the error, which must come soon and from Lua.
func raises(t *testing.T, source string) string {
	t.Helper()
	rt := newRuntime(t, Options{Memory: NewMemory(1 << 30)})
	start := time.Now()
	err := rt.run(t, source)
	var luaError *LuaError
	if !errors.As(err, &luaError) {
		t.Errorf("%s: error is %v", source, err)
		return ""
	}
	if took := time.Since(start); took > slowdown*3*time.Second {
		t.Errorf("%s: took %v", source, took)
	}
	return luaError.Message
}

// FAULTS row X2, the half that is an error before anything is allocated.
func TestX2LongStrings(t *testing.T) {
	for source, want := range map[string]string{
		`string.rep("x", 2^40)`:                                        "rep: resulting string too large",
		`string.rep("x", 1e300)`:                                       "rep: resulting string too large",
		`string.rep(("x"):rep(1e6), 1e6)`:                              "rep: resulting string too large",
		`local s = "x" while true do s = s .. s end`:                   "string is too long: a script may build up to 128 MiB",
		`local s = ("x"):rep(7e7) table.concat({s, s})`:                "concat: resulting string too large",
		`local s = ("x"):rep(7e7) string.format("%s%s", s, s)`:         "format: resulting string too large",
		`local s = ("x"):rep(1e4) string.gsub(s, ".", ("y"):rep(1e5))`: "gsub: resulting string too large",
	} {
		if got := raises(t, source); got != want {
			t.Errorf("%s: got %q", source, got)
		}
	}
}

// FAULTS row X3.
func TestX3PatternBacktracking(t *testing.T) {
	const gaveUp = "pattern is too complex for this string: gave up after 20 million steps"
	for _, source := range []string{
		`local n = 40 string.find(("a"):rep(n), ("a?"):rep(n) .. ("a"):rep(n))`,
		`string.find(("x"):rep(3000), ".-.-.-.-b")`,
		`string.gsub((" "):rep(200000) .. "x", "%s*$", "")`,
		`for _ in string.gmatch(("x"):rep(3000), ".-.-.-.-b") do end`,
	} {
		if got := raises(t, source); got != gaveUp {
			t.Errorf("%s: got %q", source, got)
		}
	}
	took, err := interrupt(t, `ready() while true do pcall(string.find, ("x"):rep(3000), ".-.-.-.-b") end`)
	if !errors.Is(err, context.Canceled) || took > slowdown*100*time.Millisecond {
		t.Errorf("went on for %v: %v", took, err)
	}
	got := runText(t, `
		local s, n = ("a"):rep(160000):gsub("a", "bb") print(#s, n)
		local s, n = ("<a & b>"):rep(12000):gsub("[<>&]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" }) print(#s, n)
		local s, n = ("x,"):rep(8000):gsub(",", ("y"):rep(1000)) print(#s, n)
		local s = ("x"):rep(1e6) print(s:find("y"), s:match("^x*y"), #s:match("^x*$"))
		local n = 0 for _ in ("x "):rep(1e5):gmatch("%w") do n = n + 1 end print(n)`)
	if want := "320000\t160000\n204000\t36000\n8008000\t8000\nnil\tnil\t1000000\n100000"; got != want {
		t.Errorf("got %s", got)
	}
}

// FAULTS row X5.
func TestX5LargePatterns(t *testing.T) {
	for source, want := range map[string]string{
		`string.find("x", ("("):rep(400000))`:    "find: pattern is longer than 4 KiB",
		`string.find("x", ("("):rep(4000))`:      "too many captures",
		`string.gsub("x", ("x?"):rep(3000), "")`: "gsub: pattern is longer than 4 KiB",
		`string.match("x", ("()"):rep(33))`:      "too many captures",
	} {
		if got := raises(t, source); got != want {
			t.Errorf("%s: got %q", source, got)
		}
	}
	runText(t, `check(("x"):rep(2000):match(("x"):rep(2000)), ("x"):rep(2000)) check(select("#", ("x"):match(("()"):rep(32))), 32)
		check(#("x"):rep(2000):match(("x?"):rep(2000)), 2000)`)
}

// FAULTS row X6.
func TestX6LargeTables(t *testing.T) {
	for source, want := range map[string]string{
		`unpack({}, 1, 1e8)`:                 "too many results to unpack",
		`unpack({}, -1e9, 1e9)`:              "too many results to unpack",
		`string.byte(("x"):rep(2e6), 1, -1)`: "string slice too long",
		`table.concat({}, "x", 1, 1e9)`:      "invalid value (nil) at index 1 in table for 'concat'",
		`table.insert({}, -1e9, 1)`:          "bad argument #2 to 'insert' (position out of bounds)",
		`local t = {} t[6e7] = 1 assert(#t == 0) t[2^53] = 2 assert(t[6e7] == 1) error("ok", 0)`:            "ok",
		`local function f(...) local n = f(1, ...) return n end f(unpack({}, 1, 2e4))`:                      "stack overflow",
		`coroutine.wrap(function(...) local function f(...) f(...) f() end f(...) end)(unpack({}, 1, 3e5))`: "stack overflow",
	} {
		if got := raises(t, source); got != want && !(want == "stack overflow" && got == "registry overflow") {
			t.Errorf("%s: got %q", source, got)
		}
	}
}

// FAULTS row X9.
func TestX9FormatShowsNoObject(t *testing.T) {
	type account struct{ password string }
	globals := map[string]func(*Runtime) lua.LValue{"account": func(rt *Runtime) lua.LValue {
		ud := rt.State().NewUserData()
		ud.Value = &account{password: "canary"}
		return ud
	}}
	for _, verb := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		for _, format := range []string{"%", "%#", "%+", "%10", "%-10.10", "%[1]", "%1$", "%*"} {
			rt := newRuntime(t, Options{Globals: globals})
			err := rt.run(t, fmt.Sprintf("print(string.format(%q, account, account, account))", format+string(verb)))
			if text := fmt.Sprint(err, rt.out); strings.Contains(text, "canary") {
				t.Errorf("%s%c: %s", format, verb, text)
			}
		}
	}
	if got := raises(t, `string.format(("%[1]s"):rep(1e5), "x")`); got != "invalid option '%[' to 'format'" {
		t.Errorf("got %q", got)
	}
}

func TestSortWithBadComparisons(t *testing.T) {
	for _, less := range []string{
		"function() return true end",
		"function(a, b) return a <= b end",
		"function(a, b) return a ~= b end",
		"function() return math.random() < 0.5 end",
	} {
		got := raises(t, `local t = {} for i = 1, 1000 do t[i] = i % 10 end table.sort(t, `+less+`)`)
		if !strings.HasPrefix(got, "invalid order function for sorting") {
			t.Errorf("%s: got %q", less, got)
		}
	}
	runText(t, `
		local t = {} for i = 1, 1000 do t[i] = { n = (i * 7919) % 1000 } end
		table.sort(t, function(a, b) return a.n < b.n end)
		for i = 2, #t do assert(t[i - 1].n <= t[i].n) end
		local t = { 3, 1, 2 }
		table.sort(t, function(a, b) t[4] = nil t[1], t[2], t[3] = nil, nil, nil return a < b end)
		check(#t, 3) check(t[1], 1)
		check(pcall(table.sort, t, function() error "x" end), false)
		table.sort({}) table.sort({ 1 }, error)
		local t = { 0/0, 1, 0/0, 2 } table.sort(t)`)
}

func TestGmatchOutsideFor(t *testing.T) {
	runText(t, `
		local next = string.gmatch("k1=v1, k2=v2", "(%w+)=(%w+)")
		local k, v = next() check(k, "k1") check(v, "v1")
		local k, v = next() check(k, "k2") check(v, "v2")
		check(next(), nil) check(next(), nil)
		local r = {} for w in ("one two"):gmatch "%a*" do r[#r + 1] = w end check(table.concat(r, ","), "one,,two,")
		local a, b = ("ab"):gmatch("."), ("xy"):gmatch(".") check(a() .. b() .. a() .. b(), "axby")`)
}

func BenchmarkGsubEscape80kB(b *testing.B) {
	benchmarkLua(b, `if i == 1 then s = ("<p>Hello & welcome, %s</p>\n"):rep(2700) e = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" } end s:gsub("[<>&]", e)`)
}
func BenchmarkGsubLong(b *testing.B) {
	benchmarkLua(b, `if i == 1 then s = ("x,"):rep(8000) r = ("y"):rep(1000) end s:gsub(",", r)`)
}
func BenchmarkFormat(b *testing.B) {
	benchmarkLua(b, `string.format("%5.2f %d %s %x", 3.14159, i, "text", i)`)
}
func BenchmarkFind(b *testing.B)     { benchmarkLua(b, `string.find("the quick brown fox", "(%a+) fox")`) }
func BenchmarkConcat(b *testing.B)   { benchmarkLua(b, `local s = "a" .. i .. "b" .. i`) }
func BenchmarkConcat2(b *testing.B)  { benchmarkLua(b, `local s = "abc" .. "def"`) }
func BenchmarkTostring(b *testing.B) { benchmarkLua(b, `tostring(i + 0.5)`) }
func BenchmarkTableConcat(b *testing.B) {
	benchmarkLua(b, `if i == 1 then t = {} for k = 1, 10000 do t[k] = "item " .. k end end table.concat(t, ", ")`)
}
func BenchmarkSort(b *testing.B) {
	benchmarkLua(b, `local t = {} for k = 1, 1000 do t[k] = (k * 7919) % 1000 end table.sort(t, function(a, b) return a < b end)`)
}
