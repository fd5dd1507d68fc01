package luaapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailscript/mailscript/engine"
	lua "github.com/yuin/gopher-lua"
)

// Call is one call from Lua: the function, its checked arguments, and the way
// back.
type Call struct {
	*bound
	L    *lua.LState
	Self any // the object of a method or field

	function *Function
	args     []lua.LValue
}

// Context is that of the run; it ends when the run is cancelled.
func (c *Call) Context() context.Context { return c.rt.Context() }

// Arg is argument i, from 0, not counting the object; nil where left out.
func (c *Call) Arg(i int) lua.LValue {
	if i < len(c.args) {
		return c.args[i]
	}
	return lua.LNil
}

// Given reports whether argument i was given and is not nil.
func (c *Call) Given(i int) bool { return c.Arg(i) != lua.LNil }

// String is argument i, "" where left out.
func (c *Call) String(i int) string { return lua.LVAsString(c.Arg(i)) }

// Object is argument i as what its userdata holds, nil where it is none.
func (c *Call) Object(i int) any {
	if ud, ok := c.Arg(i).(*lua.LUserData); ok {
		return ud.Value
	}
	return nil
}

// Options decodes argument i into the struct that into points at.
func (c *Call) Options(i int, into any) {
	if !c.Given(i) {
		return
	}
	c.decode(c.function.full, c.Arg(i).(*lua.LTable), into)
}

// Usage raises a bug of the script.
func (c *Call) Usage(hint, format string, a ...any) {
	c.rt.RaiseUsage(c.L, hint, "%s: %s", c.function.full, fmt.Sprintf(format, a...))
}

// Fail raises what prevented an answer.
func (c *Call) Fail(err error) { c.rt.Raise(c.L, c.fault(err)) }

// values is a list of results.
func values(v ...lua.LValue) []lua.LValue { return v }

// check compares the arguments with the parameters, and raises what is wrong
// with the first that differs.
func (c *Call) check() {
	params := c.function.Params
	if variadic(params) {
		params = params[:len(params)-1]
	} else if len(c.args) > len(params) {
		c.Usage(signatureHint(c.function), "takes %s, got %d", count(len(params), "argument"), len(c.args))
	}
	for i, p := range params {
		v := c.Arg(i)
		if v == lua.LNil {
			if !p.Optional() {
				c.Usage(signatureHint(c.function), "argument %d (%s) is missing; expected %s", i+1, p.Label(), p.Type)
			}
			continue
		}
		if !fits(v, p.Type) {
			c.Usage(signatureHint(c.function), "argument %d (%s) must be %s, got %s", i+1, p.Label(), p.Type, engine.TypeName(v))
		}
	}
}

func variadic(params []Param) bool {
	return len(params) > 0 && params[len(params)-1].Name == "...?"
}

func signatureHint(f *Function) string { return "write " + f.Signature() }

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Signature is the function as one writes a call of it.
func (f *Function) Signature() string {
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name
	}
	return f.full + "(" + strings.Join(names, ", ") + ")"
}

// fits reports whether a value is of one of the LuaLS types in want.
func fits(v lua.LValue, want string) bool {
	if strings.HasPrefix(want, "fun(") {
		return v.Type() == lua.LTFunction
	}
	for t := range strings.SplitSeq(want, "|") {
		switch {
		case t == "any":
			return true
		case t == "integer":
			if n, ok := v.(lua.LNumber); ok && n == lua.LNumber(int64(n)) {
				return true
			}
		case strings.HasPrefix(t, "(fun(") && v.Type() == lua.LTFunction:
			return true
		case t == v.Type().String() && v.Type() != lua.LTUserData:
			return true
		case v.Type() == lua.LTUserData && engine.TypeName(v) == t:
			return true
		case v.Type() == lua.LTTable && (strings.HasSuffix(t, "[]") || strings.HasPrefix(t, "table<") || strings.Contains(t, "options") || t == "description"):
			return true
		case strings.HasPrefix(t, `"`) && v.Type() == lua.LTString:
			return true
		}
	}
	return false
}
