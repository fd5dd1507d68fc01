package engine

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// room is a bound that leaves a number of MiB beside what the tests hold already.
func room(mib int64) *Memory {
	runtime.GC()
	return NewMemory(heapSize(newHeapSample()) + mib<<20)
}

// together runs scripts at the same time in one bound and returns how each ended. The
// global wait returns when a minute has passed or the scripts named greedy have ended.
func together(t *testing.T, memory *Memory, sources map[string]string) map[string]error {
	t.Helper()
	var greedy, all sync.WaitGroup
	for name := range sources {
		if strings.HasPrefix(name, "greedy") {
			greedy.Add(1)
		}
	}
	calm := make(chan struct{})
	go func() {
		greedy.Wait()
		close(calm)
	}()
	over := func() bool {
		select {
		case <-calm:
			return true
		default:
			return false
		}
	}
	var mu sync.Mutex
	ends := map[string]error{}
	for name, source := range sources {
		s, err := LoadSource(name, source)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			rt := New(Options{Memory: memory, Globals: map[string]func(*Runtime) lua.LValue{
				"over": func(rt *Runtime) lua.LValue {
					return rt.NewFunction("over", func(L *lua.LState) int { L.Push(lua.LBool(over())); return 1 })
				},
				"wait": func(rt *Runtime) lua.LValue {
					return rt.NewFunction("wait", func(*lua.LState) int {
						select {
						case <-calm:
						case <-rt.Context().Done():
						case <-time.After(time.Minute):
						}
						return 0
					})
				},
			}})
			err := rt.Run(context.Background(), s)
			_ = rt.Close(context.Background())
			if strings.HasPrefix(name, "greedy") {
				greedy.Done()
			}
			mu.Lock()
			defer mu.Unlock()
			ends[name] = err
		})
	}
	all.Wait()
	return ends
}

// One script that fills the memory does not end the others, wherever it keeps what it has.
func TestMemoryEndsTheGreedy(t *testing.T) {
	for name, greedy := range map[string]string{
		"local":     `local t = {} while true do t[#t + 1] = { #t } end`,
		"global":    `t = {} while true do t["k" .. #t] = true t[#t + 1] = "x" .. #t end`,
		"coroutine": `coroutine.wrap(function() local t = {} while true do t[#t + 1] = { #t } end end)()`,
		"suspended": `local co = coroutine.wrap(function() local t = {} while true do for i = 1, 100 do t[#t + 1] = { i } end coroutine.yield() end end) while true do co() end`,
		"asleep":    `local co = coroutine.wrap(function() local t = {} while true do for i = 1, 100 do t[#t + 1] = { i } end coroutine.yield() end end) while true do co() for i = 1, 3000 do end end`,
		"strings":   `local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end`,
		"keys":      `local t = {} local n = 0 while true do n = n + 1 t[{}] = n end`,
		"closures":  `local t = {} while true do local n = #t t[n + 1] = function() return n end end`,
	} {
		t.Run(name, func(t *testing.T) {
			if slowdown > 1 && name != "suspended" {
				t.Skip("it takes long with the race detector")
			}
			ends := together(t, room(48), map[string]string{
				"greedy":  greedy,
				"modest":  `local t = {} for i = 1, 20000 do t[i] = { i } end while not over() do t[1] = { 1 } end`,
				"busy":    `local n = 0 while not over() do n = n + #tostring(n) end`,
				"waiting": `local t = {} for i = 1, 1000 do t[i] = { i } end wait()`,
			})
			var limit *LimitError
			if !errors.As(ends["greedy"], &limit) || limit.Own == 0 {
				t.Errorf("the greedy one ended with %v", ends["greedy"])
			}
			for _, name := range []string{"modest", "busy", "waiting"} {
				if ends[name] != nil {
					t.Errorf("the %s one ended with %v", name, ends[name])
				}
			}
		})
	}
}

// Two that grow at the same time are both ended.
func TestMemoryTwoGreedy(t *testing.T) {
	const grow = `local t = {} while true do t[#t + 1] = { #t } end`
	ends := together(t, room(48), map[string]string{
		"greedy one": grow, "greedy two": grow,
		"modest": `local t = {} for i = 1, 10000 do t[i] = { i } end while not over() do t[1] = { 1 } end`,
	})
	var limit *LimitError
	if !errors.As(ends["greedy one"], &limit) || !errors.As(ends["greedy two"], &limit) || ends["modest"] != nil {
		t.Errorf("%v", ends)
	}
}

// One that holds the most is ended, and not the one that happens to need a little more.
func TestMemoryEndsWhoHoldsMost(t *testing.T) {
	ends := together(t, room(48), map[string]string{
		"greedy": `local t = {} for i = 1, 32 do t[i] = ("x"):rep(2^20) .. i end while true do end`,
		"small":  `local t = {} while not over() do if #t < 20 then t[#t + 1] = ("x"):rep(2^20) .. #t end end`,
	})
	var limit *LimitError
	if !errors.As(ends["greedy"], &limit) || ends["small"] != nil {
		t.Errorf("%v", ends)
	}
}

// A script whose memory is held by Go, inside of a function, counts with what the others
// do not have.
func TestMemoryHeldByGo(t *testing.T) {
	memory := room(32)
	held := make(chan struct{})
	rt := New(Options{Memory: memory, Globals: map[string]func(*Runtime) lua.LValue{
		"hold": func(rt *Runtime) lua.LValue {
			return rt.NewFunction("hold", func(*lua.LState) int {
				var blocks [][]byte
				for range 50 {
					blocks = append(blocks, make([]byte, 1<<20))
				}
				close(held)
				<-rt.Context().Done()
				runtime.KeepAlive(blocks)
				return 0
			})
		},
	}})
	s, err := LoadSource("holds", "hold()")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- rt.Run(context.Background(), s) }()
	<-held
	ends := together(t, memory, map[string]string{"modest": `local t = {} for i = 1, 10000 do t[i] = { i } end wait()`})
	var limit *LimitError
	if err := <-ended; !errors.As(err, &limit) || ends["modest"] != nil {
		t.Errorf("it ended with %v, the others with %v", err, ends)
	}
}
