package engine

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// frame is one Lua function in progress.
type frame struct {
	file      string
	line      int
	function  string // "" for the main chunk
	outermost bool   // of its thread
}

func (f frame) where() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// maxFrames is how many frames a traceback shows.
const maxFrames = 20

// Where is the position, "file.lua:12", of the Lua code nearest to what runs on L: through Go functions, and
// through the fresh threads of pcall, callbacks and coroutines. It is "" when there is none.
func (rt *Runtime) Where(L *lua.LState) string {
	for ; L != nil; L = rt.callerOf(L) {
		for level := 0; ; level++ {
			f, kind := frameAt(L, level)
			if kind == noFrame {
				break
			}
			if kind == luaFrame {
				return f.where()
			}
		}
	}
	return ""
}

// position is Where as a prefix of messages.
func (rt *Runtime) position(L *lua.LState) string {
	if where := rt.Where(L); where != "" {
		return where + ": "
	}
	return ""
}

// positionAt is the prefix error gives its message: that of the function level calls up, as PUC Lua counts them,
// and "" when that is no Lua function.
func positionAt(L *lua.LState, level int) string {
	if f, kind := frameAt(L, level); kind == luaFrame {
		return f.where() + ": "
	}
	return ""
}

// callerOf is the thread that waits for L.
func (rt *Runtime) callerOf(L *lua.LState) *lua.LState {
	for i := len(rt.calls) - 1; i >= 0; i-- {
		if rt.calls[i].thread == L {
			return rt.calls[i].caller
		}
	}
	return nil
}

// ownChunk is the name of Lua code of ours. It counts as Go: no position and no traceback shows it.
const ownChunk = "[mailscript]"

type frameKind int

const (
	noFrame frameKind = iota
	goFrame
	luaFrame
)

func frameAt(L *lua.LState, level int) (frame, frameKind) {
	debug, ok := L.GetStack(level)
	if !ok {
		return frame{}, noFrame
	}
	value, err := L.GetInfo("fSln", debug, lua.LNil)
	if err != nil {
		return frame{}, noFrame
	}
	if fn, ok := value.(*lua.LFunction); !ok || fn.IsG {
		return frame{function: debug.Name}, goFrame
	}
	if debug.Source == ownChunk {
		return frame{}, goFrame
	}
	f := frame{file: debug.Source, line: debug.CurrentLine, function: debug.Name, outermost: debug.What == "main"}
	if f.line == 0 { // it has not begun
		f.line = debug.LineDefined
	}
	switch {
	case debug.LineDefined == 0:
		f.function = ""
	case f.function == "main chunk" || f.function == "corountine": // [sic] what gopher-lua calls the first of a thread
		f.function = fmt.Sprintf("<%s:%d>", debug.Source, debug.LineDefined)
	}
	return f, luaFrame
}

// frames lists the Lua frames of L and of the threads that wait for it, innermost first.
func (rt *Runtime) frames(L *lua.LState) []frame {
	var frames []frame
	for ; L != nil; L = rt.callerOf(L) {
		frames = appendFrames(frames, L)
	}
	return frames
}

// appendFrames appends the frames of one thread. Behind a frame that was tail called GetStack answers with the
// outermost frame as often as there were tail calls, so that one is appended last and once.
func appendFrames(frames []frame, L *lua.LState) []frame {
	var outermost *frame
	for level := 0; level < 4*maxFrames && len(frames) <= maxFrames; level++ {
		f, kind := frameAt(L, level)
		switch {
		case kind == noFrame:
			level = 4 * maxFrames
		case kind == goFrame:
		case f.outermost:
			outermost = &f
		default:
			frames = append(frames, f)
		}
	}
	if outermost != nil {
		frames = append(frames, *outermost)
	}
	return frames
}

// traceback renders frames, one a line, without a line feed at the end.
func traceback(frames []frame) string {
	var b strings.Builder
	for i, f := range frames {
		if i == maxFrames {
			b.WriteString("\n\t…")
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "\t%s: in ", f.where())
		switch {
		case f.function == "":
			b.WriteString("the main chunk")
		default:
			b.WriteString("function " + f.function)
		}
	}
	return b.String()
}

// traces remembers where a value was raised first while it passes from thread to thread: the frames are gone
// when it arrives.
type traces struct {
	value lua.LValue
	text  string
}

func (t *traces) keep(value lua.LValue, frames []frame) {
	if t.value != nil && t.value == value {
		return
	}
	t.keepText(value, traceback(frames))
}

func (t *traces) keepText(value lua.LValue, text string) {
	t.value, t.text = value, text
}

// of returns the traceback of a value that was raised on L.
func (t *traces) of(value lua.LValue, frames []frame) string {
	if t.value != nil && t.value == value {
		return t.text
	}
	return traceback(frames)
}

func (rt *Runtime) traceback(L *lua.LState) int {
	level := 1
	th := L
	if other, ok := L.Get(1).(*lua.LState); ok {
		th, level = other, 0
		L.Remove(1)
	}
	if message := L.Get(1); message != lua.LNil && !lua.LVCanConvToString(message) {
		L.Push(message)
		return 1
	}
	if n, ok := L.Get(2).(lua.LNumber); ok {
		level = int(n)
	}
	frames := rt.frames(th)
	if th == L {
		level-- // the frame of traceback itself is a Go frame, and not listed
	}
	frames = frames[min(max(level, 0), len(frames)):]
	text := "stack traceback:\n" + traceback(frames)
	if message, ok := L.Get(1).(lua.LString); ok {
		text = string(message) + "\n" + text
	}
	L.Push(lua.LString(text))
	return 1
}
