package engine

import (
	lua "github.com/yuin/gopher-lua"
)

// Kind says what went wrong, in the words scripts compare with. The list is closed: a script that handles each of
// them handles everything.
type Kind string

// The kinds of faults.
const (
	KindArgument Kind = "argument" // a value no server could accept, such as an address with a line feed
	KindFile     Kind = "file"     // a file is missing, unreadable or not what it should be
	KindConfig   Kind = "config"   // mailscript.toml, an account or a secret
	KindDNS      Kind = "dns"      // the name does not resolve
	KindConnect  Kind = "connect"  // no TCP connection
	KindTLS      Kind = "tls"      // handshake, certificate, or TLS asked for and not offered
	KindGreeting Kind = "greeting" // the server refused before or at EHLO
	KindAuth     Kind = "auth"     // credentials refused, or no common mechanism
	KindRefused  Kind = "refused"  // a command that must succeed did not
	KindTimeout  Kind = "timeout"  // no answer in time
	KindLost     Kind = "lost"     // the connection broke
	KindProtocol Kind = "protocol" // an answer that is no SMTP
	KindFinished Kind = "finished" // a merge of this name has nothing left to do
	KindClosed   Kind = "closed"   // the session was closed before
)

// Fault is what prevented an answer: the error value scripts meet and try catches. In Lua it is read-only; empty
// fields and code 0 read as nil.
type Fault struct {
	Kind      Kind
	Message   string // lower case: what was being done, then what happened
	Hint      string // what to do about it
	Command   string // the SMTP command it happened at, never with credentials
	Code      int    // reply code, RFC 5321, section 4.2
	Enhanced  string // enhanced status code, RFC 3463
	Temporary bool   // worth trying again later
	Where     string // "hello.lua:12"
	Err       error  // the cause in Go

	Cause, Replies, Result lua.LValue // what fault.cause, fault.replies and fault.result read as

	// Handled is called by fault:handled(reason?) when not nil.
	Handled func(reason string)

	traceback string
}

func (f *Fault) Error() string { return f.Message }

// Unwrap gives the cause in Go.
func (f *Fault) Unwrap() error { return f.Err }

// Traceback is where the fault was raised, Lua frames one a line, once it has left Run or Call.
func (f *Fault) Traceback() string { return f.traceback }

// text is what tostring gives.
func (f *Fault) text() string {
	if f.Where == "" {
		return f.Message
	}
	return f.Where + ": " + f.Message
}

// FaultOf gives the fault behind a Lua value.
func FaultOf(v lua.LValue) (*Fault, bool) {
	if ud, ok := v.(*lua.LUserData); ok {
		f, ok := ud.Value.(*Fault)
		return f, ok
	}
	return nil, false
}

// FaultValue makes the Lua value of a fault.
func (rt *Runtime) FaultValue(f *Fault) lua.LValue {
	return &lua.LUserData{Value: f, Env: rt.main.G.Global, Metatable: rt.faults}
}

// Raise raises a fault. Its Where is filled in with the position of the nearest Lua code. It does not return.
func (rt *Runtime) Raise(L *lua.LState, f *Fault) {
	if f.Where == "" {
		f.Where = rt.Where(L)
	}
	rt.raise(L, rt.FaultValue(f))
}

// field reads one field for Lua; ok is false when faults have no such field.
func (f *Fault) field(name string) (value lua.LValue, ok bool) {
	switch name {
	case "kind":
		return optionalString(string(f.Kind)), true
	case "message":
		return lua.LString(f.Message), true
	case "hint":
		return optionalString(f.Hint), true
	case "command":
		return optionalString(f.Command), true
	case "code":
		if f.Code == 0 {
			return lua.LNil, true
		}
		return lua.LNumber(f.Code), true
	case "enhanced":
		return optionalString(f.Enhanced), true
	case "temporary":
		return lua.LBool(f.Temporary), true
	case "where":
		return optionalString(f.Where), true
	case "cause":
		return optionalValue(f.Cause), true
	case "replies":
		return optionalValue(f.Replies), true
	case "result":
		return optionalValue(f.Result), true
	}
	return lua.LNil, false
}

func faultFields() []string {
	return []string{"kind", "message", "hint", "command", "code", "enhanced", "temporary", "where", "cause",
		"replies", "result", "handled"}
}

func optionalString(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

func optionalValue(v lua.LValue) lua.LValue {
	if v == nil {
		return lua.LNil
	}
	return v
}

func (rt *Runtime) faultMetatable() *lua.LTable {
	mt := rt.main.CreateTable(0, 8)
	handled := rt.NewFunction("fault.handled", rt.faultHandled)
	mt.RawSetString("__name", lua.LString("fault"))
	mt.RawSetString("__metatable", lua.LString("fault"))
	mt.RawSetString("__index", rt.NewFunction("fault.__index", func(L *lua.LState) int {
		f, name := rt.faultArgument(L), lua.LVAsString(L.Get(2))
		if name == "handled" {
			L.Push(handled)
			return 1
		}
		value, ok := f.field(name)
		if !ok {
			if near, ok := Closest(name, faultFields()); ok {
				rt.RaiseUsage(L, "", "fault has no field %q (did you mean %q?)", name, near)
			}
			rt.RaiseUsage(L, "", "fault has no field %q", name)
		}
		L.Push(value)
		return 1
	}))
	mt.RawSetString("__newindex", rt.NewFunction("fault.__newindex", func(L *lua.LState) int {
		rt.RaiseUsage(L, "", "fault is read-only: field %q cannot be set", lua.LVAsString(L.Get(2)))
		return 0
	}))
	mt.RawSetString("__tostring", rt.NewFunction("fault.__tostring", func(L *lua.LState) int {
		L.Push(lua.LString(rt.faultArgument(L).text()))
		return 1
	}))
	mt.RawSetString("__concat", rt.NewFunction("fault.__concat", rt.concatText))
	return mt
}

func (rt *Runtime) faultArgument(L *lua.LState) *Fault {
	f, ok := FaultOf(L.Get(1))
	if !ok {
		rt.RaiseUsage(L, "write fault:handled(), with a colon", "expected a fault, got %s", TypeName(L.Get(1)))
	}
	return f
}

func (rt *Runtime) faultHandled(L *lua.LState) int {
	f := rt.faultArgument(L)
	if f.Handled != nil {
		f.Handled(lua.LVAsString(L.Get(2)))
	}
	return 0
}

// concatText is a __concat for values that stand for their text.
func (rt *Runtime) concatText(L *lua.LState) int {
	var text [2]string
	for i := range text {
		v := L.Get(i + 1)
		switch v.(type) {
		case lua.LString, lua.LNumber, *lua.LUserData:
			text[i] = L.ToStringMeta(v).String()
		default:
			rt.refuse(L, "attempt to concatenate a "+TypeName(v)+" value")
		}
	}
	L.Push(lua.LString(text[0] + text[1]))
	return 1
}
