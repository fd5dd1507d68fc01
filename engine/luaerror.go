package engine

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// LuaError is an error a script raised and did not catch: a runtime error, error(), or a usage error of ours.
type LuaError struct {
	Where     string // "hello.lua:12", "" when the message has no position
	File      string
	Line      int
	Message   string // without the position
	Traceback string // Lua frames, one a line, innermost first
	Hint      string // what to do about it, "" when we do not know
	Value     lua.LValue
	Usage     bool // raised by RaiseUsage: the script uses a function of ours wrongly
}

func (e *LuaError) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return e.Where + ": " + e.Message
}

// RaiseUsage raises a bug of the script: a wrong argument, an unknown option or field. It is an ordinary Lua
// error, a string with the position in front, which pcall catches and try does not. The hint is not part of the
// string; it reaches the *LuaError that Run returns. It does not return.
func (rt *Runtime) RaiseUsage(L *lua.LState, hint, format string, args ...any) {
	text := rt.position(L) + fmt.Sprintf(format, args...)
	rt.notes.add(note{text: text, hint: hint, usage: true})
	rt.raise(L, lua.LString(text))
}

// note is what we know about an error text beyond the text. Scripts see plain strings, which they can match and
// print; a script that catches one and raises it again keeps its note.
type note struct {
	text   string
	where  string // of a text that does not say so itself
	hint   string
	usage  bool
	syntax *SyntaxError
}

// notes keeps the last few: only an error that is on its way out needs its note.
type notes struct {
	ring [8]note
	next int
}

func (n *notes) add(note note) {
	n.ring[n.next%len(n.ring)] = note
	n.next++
}

func (n *notes) of(text string) note {
	for _, note := range n.ring {
		if note.text == text && text != "" {
			return note
		}
	}
	return note{}
}

// caught is the value a script gets for a failure. gopher-lua prefixes the messages of its own errors with a
// position and a space, and with the space alone when only Go functions run on the thread.
func (rt *Runtime) caught(failed *failure) lua.LValue {
	text, ok := failed.value.(lua.LString)
	if !ok || !strings.HasPrefix(string(text), " ") {
		return failed.value
	}
	if _, kind := frameAt(failed.thread, 1); kind == noFrame {
		return text[1:]
	}
	return failed.value
}

// report makes the Go error of a failure that no script caught.
func (rt *Runtime) report(failed *failure) error {
	value := rt.caught(failed)
	frames := rt.frames(failed.thread)
	trace := rt.traces.of(value, frames)
	if fault, ok := FaultOf(value); ok {
		fault.traceback = trace
		if fault.Where == "" && len(frames) > 0 {
			fault.Where = frames[0].where()
		}
		return fault
	}
	e := &LuaError{Traceback: trace, Value: value}
	text, ok := value.(lua.LString)
	if !ok {
		e.Message = rt.text(value)
		if len(frames) > 0 {
			e.place(frames[0].file, frames[0].line)
		}
		return e
	}
	note := rt.notes.of(string(text))
	if note.syntax != nil {
		return note.syntax
	}
	e.Hint, e.Usage = note.hint, note.usage
	e.Message = string(text)
	if file, line, rest, ok := splitPosition(e.Message); ok && rt.files[file] {
		e.Message = rest
		e.place(file, line)
	} else if file, line, _, ok := splitPosition(note.where + ": "); ok {
		e.place(file, line)
	}
	return e
}

func (e *LuaError) place(file string, line int) {
	e.File, e.Line = file, line
	e.Where = fmt.Sprintf("%s:%d", file, line)
}

// splitPosition takes "hello.lua:12: message" apart.
func splitPosition(text string) (file string, line int, rest string, ok bool) {
	end := strings.Index(text, ": ")
	if end < 0 || strings.ContainsRune(text[:end], '\n') {
		return "", 0, text, false
	}
	colon := strings.LastIndexByte(text[:end], ':')
	if colon <= 0 {
		return "", 0, text, false
	}
	line, err := strconv.Atoi(text[colon+1 : end])
	if err != nil || line <= 0 {
		return "", 0, text, false
	}
	return text[:colon], line, text[end+2:], true
}

// text is a value as the last words of a script: its string, its __tostring if that works, or its type.
func (rt *Runtime) text(value lua.LValue) string {
	switch v := value.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	if fault, ok := FaultOf(value); ok {
		return fault.text()
	}
	if f := rt.main.GetMetaField(value, "__tostring"); f.Type() == lua.LTFunction && len(rt.calls) < maxNesting {
		th := rt.enter(rt.main, "__tostring")
		th.Push(f)
		th.Push(value)
		failed := rt.invoke(th, 1)
		text := lua.LNil
		if failed == nil {
			text = th.Get(1)
		}
		rt.leave(th, failed)
		if s, ok := text.(lua.LString); ok {
			return string(s)
		}
	}
	return fmt.Sprintf("(error object is a %s value)", TypeName(value))
}

// TypeName names the type of a value for messages: the __name of a metatable when it has one ("session",
// "result", "fault"), else Lua's name of the type.
func TypeName(v lua.LValue) string {
	if v == nil {
		return "nil"
	}
	var metatable lua.LValue
	switch v := v.(type) {
	case *lua.LUserData:
		metatable = v.Metatable
	case *lua.LTable:
		metatable = v.Metatable
	}
	if mt, ok := metatable.(*lua.LTable); ok {
		if name, ok := mt.RawGetString("__name").(lua.LString); ok {
			return string(name)
		}
	}
	return v.Type().String()
}
