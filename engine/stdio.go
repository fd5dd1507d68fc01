package engine

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/mailscript/mailscript/engine/lualib"
)

// maxLine is how long a line, or what a number says, may be when a script reads standard input, in bytes.
const maxLine = 64 << 20

// input is standard input with look-ahead.
type input struct{ reader *bufio.Reader }

func newInput(r io.Reader) *input { return &input{reader: bufio.NewReader(r)} }

func (rt *Runtime) ioLibrary() library {
	return library{
		"read":  func(L *lua.LState) int { return rt.read(L, 1) },
		"write": func(L *lua.LState) int { return rt.write(L, rt.opts.Stdout, 1) },
		"type": func(L *lua.LState) int {
			kind := lua.LNil
			if ud, ok := L.Get(1).(*lua.LUserData); ok {
				if _, ok := ud.Value.(stream); ok {
					kind = lua.LString("file")
				}
			}
			L.Push(kind)
			return 1
		},
	}
}

// stream is io.stdin, io.stdout or io.stderr.
type stream struct {
	name   string
	writer io.Writer // nil for stdin
}

// openStreams adds the three standard streams to io.
func (rt *Runtime) openStreams(table *lua.LTable) {
	methods := rt.main.CreateTable(0, 8)
	rt.fill(methods, "file:", library{
		"write": func(L *lua.LState) int {
			s := rt.streamArgument(L)
			if s.writer == nil {
				rt.RaiseUsage(L, "", "%s cannot be written", s.name)
			}
			rt.write(L, s.writer, 2)
			L.SetTop(1)
			return 1
		},
		"read": func(L *lua.LState) int {
			if s := rt.streamArgument(L); s.writer != nil {
				rt.RaiseUsage(L, "", "%s cannot be read", s.name)
			}
			return rt.read(L, 2)
		},
		"lines": func(L *lua.LState) int {
			if s := rt.streamArgument(L); s.writer != nil {
				rt.RaiseUsage(L, "", "%s cannot be read", s.name)
			}
			L.Push(rt.NewFunction("lines", func(L *lua.LState) int {
				L.Push(rt.readLine(L))
				return 1
			}))
			return 1
		},
		"flush":   func(L *lua.LState) int { L.SetTop(1); return 1 },
		"setvbuf": func(L *lua.LState) int { L.Push(lua.LTrue); return 1 },
	})
	mt := rt.main.CreateTable(0, 8)
	mt.RawSetString("__index", methods)
	mt.RawSetString("__name", lua.LString("file"))
	mt.RawSetString("__metatable", lua.LString("file"))
	mt.RawSetString("__tostring", rt.NewFunction("file.__tostring", func(L *lua.LState) int {
		L.Push(lua.LString("file (" + rt.streamArgument(L).name + ")"))
		return 1
	}))
	for _, s := range []stream{{"stdin", nil}, {"stdout", rt.opts.Stdout}, {"stderr", rt.opts.Stderr}} {
		table.RawSetString(s.name, &lua.LUserData{Value: s, Env: rt.main.G.Global, Metatable: mt})
	}
}

func (rt *Runtime) streamArgument(L *lua.LState) stream {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if s, ok := ud.Value.(stream); ok {
			return s
		}
	}
	rt.RaiseUsage(L, "write io.stdout:write(…), with a colon", "expected a file, got %s", TypeName(L.Get(1)))
	return stream{}
}

func (rt *Runtime) write(L *lua.LState, w io.Writer, first int) int {
	var b strings.Builder
	for i := first; i <= L.GetTop(); i++ {
		v := L.Get(i)
		if !lua.LVCanConvToString(v) {
			rt.RaiseUsage(L, "use tostring", "write: argument #%d: expected a string, got %s", i-first+1, TypeName(v))
		}
		b.WriteString(lualib.ToString(L, v))
	}
	rt.output(L, w, b.String())
	L.Push(lua.LTrue)
	return 1
}

// read reads by the formats of Lua 5.1: "*l", "*n", "*a" or a count of bytes.
func (rt *Runtime) read(L *lua.LState, first int) int {
	if L.GetTop() < first {
		L.Push(rt.readLine(L))
		return 1
	}
	count := 0
	for i, top := first, L.GetTop(); i <= top; i++ {
		value := lua.LNil
		switch format := L.Get(i); {
		case format.Type() == lua.LTNumber:
			value = rt.readBytes(L, int(format.(lua.LNumber)))
		default:
			switch strings.TrimPrefix(L.CheckString(i), "*") {
			case "l", "line":
				value = rt.readLine(L)
			case "n", "number":
				value = rt.readNumber(L)
			case "a", "all":
				value = rt.readAll(L)
			default:
				L.ArgError(i, "invalid format")
			}
		}
		L.Push(value)
		count++
		if value == lua.LNil {
			break
		}
	}
	return count
}

func (rt *Runtime) readLine(L *lua.LState) lua.LValue {
	var line []byte
	for {
		part, err := rt.stdin.reader.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			rt.refuse(L, "io.read: line longer than 64 MiB")
		}
		switch {
		case err == nil:
			return lua.LString(strings.TrimSuffix(string(line), "\n"))
		case errors.Is(err, bufio.ErrBufferFull):
		case len(line) > 0:
			return lua.LString(line)
		default:
			rt.checkInput(L, err)
			return lua.LNil
		}
	}
}

func (rt *Runtime) readBytes(L *lua.LState, n int) lua.LValue {
	if n < 0 || n > maxLine {
		rt.refuse(L, "io.read: cannot read "+strconv.Itoa(n)+" bytes at once")
	}
	if n == 0 {
		if _, err := rt.stdin.reader.Peek(1); err != nil {
			return lua.LNil
		}
		return lua.LString("")
	}
	data, err := io.ReadAll(io.LimitReader(rt.stdin.reader, int64(n)))
	rt.checkInput(L, err)
	if len(data) == 0 {
		return lua.LNil
	}
	return lua.LString(data)
}

func (rt *Runtime) readAll(L *lua.LState) lua.LValue {
	data, err := io.ReadAll(io.LimitReader(rt.stdin.reader, maxLine+1))
	rt.checkInput(L, err)
	if len(data) > maxLine {
		rt.refuse(L, "io.read: standard input is larger than 64 MiB")
	}
	return lua.LString(data)
}

// readNumber reads the longest run of bytes that can belong to a number.
func (rt *Runtime) readNumber(L *lua.LState) lua.LValue {
	reader := rt.stdin.reader
	for {
		c, err := reader.ReadByte()
		if err != nil {
			return lua.LNil
		}
		if !strings.ContainsRune(" \t\r\n\v\f", rune(c)) {
			_ = reader.UnreadByte() // cannot fail: a byte was read just now
			break
		}
	}
	var text []byte
	for len(text) < 200 {
		c, err := reader.ReadByte()
		if err != nil {
			break
		}
		if !strings.ContainsRune("0123456789abcdefABCDEFxX+-.", rune(c)) {
			_ = reader.UnreadByte()
			break
		}
		text = append(text, c)
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return lua.LNil
	}
	return lua.LNumber(n)
}

func (rt *Runtime) checkInput(L *lua.LState, err error) {
	if err != nil && !errors.Is(err, io.EOF) {
		rt.Raise(L, &Fault{Kind: KindFile, Message: "read standard input: " + err.Error(), Err: err})
	}
}
