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

// interrupt runs source, cancels it once it says so by calling ready(), and returns how long it went on.
func interrupt(t *testing.T, source string) (time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var cancelled time.Time
	rt := newRuntime(t, Options{Globals: map[string]func(*Runtime) lua.LValue{
		"ready": func(rt *Runtime) lua.LValue {
			return rt.NewFunction("ready", func(*lua.LState) int {
				time.AfterFunc(time.Millisecond, func() {
					cancelled = time.Now()
					cancel(errors.New("enough"))
				})
				return 0
			})
		},
	}})
	s, err := LoadSource("test.lua", source)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(ctx, s)
	return time.Since(cancelled), err
}

// FAULTS row X1.
func TestX1EndlessScriptsAreInterrupted(t *testing.T) {
	for name, source := range map[string]string{
		"loop":            `ready() while true do end`,
		"pcall":           `ready() while true do pcall(function() while true do end end) end`,
		"pcall recursion": `ready() local function f() while true do pcall(f) end end f()`,
		"xpcall":          `ready() while true do xpcall(function() while true do end end, print) end`,
		"handler":         `xpcall(error, function() ready() while true do end end) while true do end`,
		"try":             `ready() while true do try(function() while true do end end) end`,
		"coroutine":       `ready() while true do coroutine.resume(coroutine.create(function() while true do end end)) end`,
		"wrap":            `ready() while true do pcall(coroutine.wrap(function() while true do end end)) end`,
		"yields":          `ready() local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end`,
		"sort":            `ready() table.sort({1,2,3}, function() while true do end end)`,
		"gsub":            `ready() string.gsub("aaa", "a", function() while true do end end)`,
		"metamethod":      `ready() local t = setmetatable({}, {__index = function() while true do end end}) while true do pcall(function() return t.x end) end`,
		"tostring":        `ready() while true do pcall(tostring, setmetatable({}, {__tostring = function() while true do end end})) end`,
		"go call loop":    `ready() while true do pcall(string.rep, "x", 1000) end`,
		"iterator":        `ready() for _ in function() return 1 end do end`,
		"tail calls":      `ready() local function f() return f() end f()`,
		"require":         `ready() while true do pcall(require, "nothing") end`,
		"load":            `ready() while true do load("while true do end")() end`,
		"load function":   `ready() load(function() return " " end)`,
	} {
		t.Run(name, func(t *testing.T) {
			took, err := interrupt(t, source)
			if !errors.Is(err, context.Canceled) || err.Error() != "enough" {
				t.Errorf("error is %v", err)
			}
			if took > slowdown*100*time.Millisecond {
				t.Errorf("went on for %v", took)
			}
		})
	}
}

func TestRunWithEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rt := newRuntime(t, Options{})
	s, _ := LoadSource("test.lua", `print "no"`)
	if err := rt.Run(ctx, s); !errors.Is(err, context.Canceled) || rt.out.Len() > 0 {
		t.Errorf("error is %v, output %q", err, rt.out)
	}
}

// FAULTS row X2, the half that is about the memory of the run.
func TestX2DoublingStringsEndsTheRun(t *testing.T) {
	for name, source := range map[string]string{
		"concat": `local s = "x" while true do pcall(function() s = s .. s end) end`,
		"tables": `local t = {} while true do pcall(function() for i = 1, 1e4 do t[#t+1] = {i} end end) end`,
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t, Options{Memory: NewMemory(64 << 20)})
			err := rt.run(t, source)
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Limit != 64<<20 {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// FAULTS row X4.
func TestX4DeepSource(t *testing.T) {
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) }
	for name, source := range map[string]string{
		"parentheses": "x = " + deep("(", ")", 100_000),
		"braces":      "x = " + deep("{", "}", 400_000),
		"brackets":    "x = t" + deep("[t", "]", 100_000),
		"functions":   strings.Repeat("x = function() ", 50_000) + strings.Repeat("end ", 50_000),
		"blocks":      strings.Repeat("do ", 100_000) + strings.Repeat("end ", 100_000),
		"ifs":         strings.Repeat("if x then ", 50_000) + strings.Repeat("end ", 50_000),
		"repeats":     strings.Repeat("repeat ", 50_000) + strings.Repeat("until x ", 50_000),
		"calls":       "x = f" + strings.Repeat("()", 400_000),
		"indexes":     "x = f" + strings.Repeat(".a", 400_000),
		"strings":     "x = f" + strings.Repeat(`""`, 400_000),
		"tables":      "x = f" + strings.Repeat(`{}`, 400_000),
		"sums":        "x = 1" + strings.Repeat("+1", 400_000),
		"concats":     "x = a" + strings.Repeat("..a", 300_000),
		"powers":      "x = 1" + strings.Repeat("^1", 400_000),
		"ands":        "x = a" + strings.Repeat(" and a", 150_000),
		"nots":        "x = " + strings.Repeat("not ", 200_000) + "a",
		"minuses":     "x = " + strings.Repeat("- ", 400_000) + "1",
		"elseifs":     "if a then " + strings.Repeat("elseif a then ", 70_000) + "end",
		"mixed":       strings.Repeat("x = (1", 150) + strings.Repeat(strings.Repeat("+1", 3000)+")", 150),
		"too large":   strings.Repeat(" ", maxSource+1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadSource("deep.lua", source)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error is %v", err)
			}
			rt := newRuntime(t, Options{Args: []string{source}})
			if err := rt.run(t, `local f, e = load(..., "=deep.lua") check(f, nil) print(e)`); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(rt.out.String(), "\n"); got != syntax.Error() {
				t.Errorf("load says %q, want %q", got, syntax)
			}
		})
	}
	for name, source := range map[string]string{
		"parentheses": "x = " + deep("(", ")", 150),
		"functions":   strings.Repeat("x = function() ", 150) + strings.Repeat("end ", 150),
		"statements":  strings.Repeat("f(x).y = g{1, 2} + h'x'\n", 20_000),
		"elements":    "x = {" + strings.Repeat("a + b, f(c), ", 40_000) + "}",
		"elseifs":     "if a then " + strings.Repeat("elseif a then ", 990) + "end",
		"sums":        "x = a" + strings.Repeat("+a", 990),
		"strings":     "x = [==[" + strings.Repeat("((", 1_000) + "]==] .. '((((' -- " + strings.Repeat("{", 1_000) + "\n--[[" + strings.Repeat("{", 1_000) + "]]",
	} {
		t.Run("fine "+name, func(t *testing.T) {
			if _, err := LoadSource("fine.lua", source); err != nil {
				t.Error(err)
			}
		})
	}
}

// FAULTS row X7.
func TestX7Coroutines(t *testing.T) {
	t.Run("any number that is collected", func(t *testing.T) {
		runText(t, `
			for i = 1, 5000 do coroutine.wrap(function() coroutine.yield(i) end)() end
			for i = 1, 3000 do coroutine.wrap(function() end)() end
			for i = 1, 3000 do coroutine.create(print) end`)
	})
	t.Run("too many alive", func(t *testing.T) {
		rt := newRuntime(t, Options{})
		err := rt.run(t, `local t = {} for i = 1, 2000 do t[i] = coroutine.wrap(function() coroutine.yield() end) t[i]() end`)
		if err == nil || !strings.Contains(err.Error(), "test.lua:1: too many coroutines: 1000 are alive") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("nested resumes", func(t *testing.T) {
		got := runText(t, `
			local depth = 0
			local function nest() depth = depth + 1; assert(coroutine.resume(coroutine.create(nest))) end
			local ok, e = pcall(nest)
			print(depth, ok, e)`)
		if want := "101\tfalse\ttest.lua:3: stack overflow (more than 100 coroutines resume each other)"; got != want {
			t.Errorf("got %s", got)
		}
	})
}

// The worst that nesting can do to the stack of Go, whose overflow kills the process.
func TestDeepestRecursionIsAnError(t *testing.T) {
	got := runText(t, `
		local levels, frames = 0, 0
		local t = setmetatable({}, {})
		local depth
		local function down()
			local f = function() levels = levels + 1; depth = 0; return t.x end
			if levels % 2 == 0 then pcall(f) else pcall(coroutine.wrap(f)) end
		end
		getmetatable(t).__index = function(t, k)
			depth = depth + 1 frames = frames + 1
			if depth == 980 then down() return 1 end
			return t[k]
		end
		down()
		print(levels > 100, frames > 100000)`)
	if got != "true\ttrue" {
		t.Errorf("got %s", got)
	}
	got = runText(t, `
		local t = setmetatable({}, {})
		local n = 0
		getmetatable(t).__index = function(t, k) n = n + 1 return t[k] end
		for i = 1, 3 do n = 0 print(pcall(function() return t.x end), n > 10000) end
		local function f() n = n + 1 return 1 + f() end
		n = 0 print(pcall(f), n > 10000)
		local co = coroutine.create(f) n = 0
		print(coroutine.resume(co), n > 1000)`)
	if strings.Count(got, "stack overflow") != 0 || strings.Count(got, "false\ttrue") != 5 {
		t.Errorf("got %s", got)
	}
}

func TestLargeLists(t *testing.T) {
	got := runText(t, `
		local t = {}
		for i = 1, 100000 do t[i] = i end
		print(#table.concat(t, ","), select("#", unpack(t)), (select(100000, unpack(t))))
		print(select("#", pcall(unpack, t)), math.max(unpack(t)))
		local function f(...) return select("#", ...) end
		print(f(unpack(t)), #{unpack(t)})`)
	if want := "588894\t100000\t100000\n100001\t100000\n100000\t100000"; got != want {
		t.Errorf("got %s", got)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = New(Options{}).Close(context.Background())
	}
}

func BenchmarkOneLine(b *testing.B) {
	for b.Loop() {
		s, _ := LoadSource("x.lua", `local x = 1`)
		rt := New(Options{})
		_ = rt.Run(context.Background(), s)
		_ = rt.Close(context.Background())
	}
}

func benchmarkLua(b *testing.B, loop string) {
	rt := newRuntime(b, Options{})
	b.ReportAllocs()
	b.ResetTimer()
	if err := rt.run(b, fmt.Sprintf("local function f() end local function fail() error(1) end for i = 1, %d do %s end", b.N, loop)); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCallLua(b *testing.B)    { benchmarkLua(b, "f()") }
func BenchmarkPcall(b *testing.B)      { benchmarkLua(b, "pcall(f)") }
func BenchmarkPcallError(b *testing.B) { benchmarkLua(b, "pcall(fail)") }
func BenchmarkTry(b *testing.B)        { benchmarkLua(b, "try(f)") }
func BenchmarkWrap(b *testing.B)       { benchmarkLua(b, "coroutine.wrap(f)()") }
func BenchmarkType(b *testing.B)       { benchmarkLua(b, "type(i)") }
func BenchmarkYield(b *testing.B) {
	benchmarkLua(b, "if i == 1 then g = coroutine.wrap(function() while true do coroutine.yield() end end) end g()")
}
func BenchmarkRuntimeCall(b *testing.B) {
	rt := newRuntime(b, Options{})
	if err := rt.run(b, "function f() return 1 end"); err != nil {
		b.Fatal(err)
	}
	fn := rt.State().GetGlobal("f")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rt.Call(rt.State(), fn, 1); err != nil {
			b.Fatal(err)
		}
	}
}
