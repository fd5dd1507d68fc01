package engine

import (
	"sync/atomic"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// weight is how much memory the values of a run take, as far as they have been added up.
type weight struct {
	bytes    atomic.Int64
	begun    atomic.Bool
	ended    atomic.Bool
	enough   int64           // bytes at which nobody needs to know more
	answered chan<- struct{} // gets a value at the end; has room for it
	decided  <-chan struct{} // until this is closed the run waits: what it holds must not grow meanwhile
}

// What values take, in bytes, about. Tables of gopher-lua keep each key of their hash part
// four times, and the first one makes two maps.
const (
	tableBytes    = 96
	elementBytes  = 16
	leastElements = 8
	entryBytes    = 180
	hashBytes     = 600
	numberBytes   = 8
	stringBytes   = 16
	functionBytes = 64
	upvalueBytes  = 64
	userdataBytes = 256 // and what Go holds behind it, which nobody knows
	threadBytes   = 8 << 10

	// sharedString is from which length strings are looked at for being the same.
	sharedString = 64
	// weighedFrames is how many frames of a thread are looked at.
	weighedFrames = 1000
	weighedLocals = 250
)

// scale adds up values. It is used by the goroutine of the run alone.
type scale struct {
	weight *weight
	total  int64
	seen   map[unsafe.Pointer]struct{}
	next   []lua.LValue // seen, and what they hold is yet to be
}

// weigh answers what the run holds. It is called between two instructions of Lua.
func (rt *Runtime) weigh() {
	w := rt.asked.Swap(nil)
	if w == nil {
		return
	}
	w.begun.Store(true)
	defer func() {
		w.ended.Store(true)
		w.answered <- struct{}{}
		select {
		case <-w.decided:
		case <-rt.ctx.Done():
		}
	}()
	s := &scale{weight: w, seen: map[unsafe.Pointer]struct{}{}}
	s.add(rt.main.G.Registry)
	s.add(rt.main.G.Global)
	for _, c := range rt.calls {
		s.add(c.thread)
		s.add(c.caller)
	}
	for _, th := range rt.coroutines.running {
		s.add(th)
	}
	for n := 1; len(s.next) > 0 && s.total < w.enough; n++ {
		if n%1024 == 0 && rt.ctx.Err() != nil {
			break
		}
		v := s.next[len(s.next)-1]
		s.next = s.next[:len(s.next)-1]
		s.open(v)
		w.bytes.Store(s.total)
	}
}

// fresh is false for what was added before.
func (s *scale) fresh(p unsafe.Pointer) bool {
	if _, known := s.seen[p]; known {
		return false
	}
	s.seen[p] = struct{}{}
	return true
}

// add adds a value, and keeps it where there may be others in it.
func (s *scale) add(v lua.LValue) {
	switch v := v.(type) {
	case lua.LNumber:
		s.total += numberBytes
	case lua.LString:
		s.total += stringBytes
		if len(v) < sharedString || s.fresh(unsafe.Pointer(unsafe.StringData(string(v)))) {
			s.total += int64(len(v))
		}
	case *lua.LTable:
		if v != nil && s.fresh(unsafe.Pointer(v)) {
			s.next = append(s.next, v)
		}
	case *lua.LFunction:
		if v != nil && s.fresh(unsafe.Pointer(v)) {
			s.next = append(s.next, v)
		}
	case *lua.LUserData:
		if v != nil && s.fresh(unsafe.Pointer(v)) {
			s.next = append(s.next, v)
		}
	case *lua.LState:
		if v != nil && s.fresh(unsafe.Pointer(v)) {
			s.next = append(s.next, v)
		}
	}
}

// open adds what is in a value.
func (s *scale) open(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LTable:
		s.table(v)
	case *lua.LFunction:
		s.total += functionBytes
		for _, u := range v.Upvalues {
			s.total += upvalueBytes
			s.add(u.Value())
		}
		if v.Env != nil {
			s.add(v.Env)
		}
	case *lua.LUserData:
		s.total += userdataBytes
		if v.Metatable != nil {
			s.add(v.Metatable)
		}
	case *lua.LState:
		s.thread(v)
	}
}

func (s *scale) table(t *lua.LTable) {
	s.total += tableBytes
	if t.Metatable != nil {
		s.add(t.Metatable)
	}
	n, list, hash := int64(0), int64(0), int64(0)
	t.ForEach(func(key, value lua.LValue) {
		n++
		switch {
		case n%1024 == 0:
			s.weight.bytes.Store(s.total)
		case s.total >= s.weight.enough:
			return
		}
		if number, ok := key.(lua.LNumber); ok && number == lua.LNumber(n) {
			list++ // as all are that stand in its list
			s.total += elementBytes
		} else {
			hash++
			s.total += entryBytes
			s.add(key)
		}
		s.add(value)
	})
	if list > 0 {
		s.total += elementBytes * max(0, leastElements-list)
	}
	if hash > 0 {
		s.total += hashBytes
	}
}

// thread adds what the functions have that are being called on it.
func (s *scale) thread(th *lua.LState) {
	s.total += threadBytes
	for level := range weighedFrames {
		frame, ok := th.GetStack(level)
		if !ok {
			return
		}
		if fn, err := th.GetInfo("f", frame, lua.LNil); err == nil {
			s.add(fn)
		}
		for i := range weighedLocals {
			name, value := th.GetLocal(frame, i+1)
			if name == "" {
				break
			}
			s.add(value)
		}
	}
}
