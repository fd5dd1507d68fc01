package luaapi

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// Option is one option as documentation shows it.
type Option struct{ Name, Type, Doc string }

// OptionsOf lists the options of a struct.
func OptionsOf(options any) []Option {
	var list []Option
	for _, field := range optionFields(reflect.TypeOf(options)) {
		list = append(list, Option{field.Tag.Get("lua"), optionType(field), field.Tag.Get("doc")})
	}
	return list
}

// EveryOption lists the options of a struct and those inside them, which have
// names with dots: dsn.notify.
func EveryOption(options any) []Option {
	var list []Option
	for _, field := range optionFields(reflect.TypeOf(options)) {
		name := field.Tag.Get("lua")
		list = append(list, Option{name, optionType(field), field.Tag.Get("doc")})
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[smtp.Secret]() {
			for _, inner := range EveryOption(reflect.Zero(field.Type).Interface()) {
				list = append(list, Option{name + "." + inner.Name, inner.Type, inner.Doc})
			}
		}
	}
	return list
}

func optionType(field reflect.StructField) string {
	if t := field.Tag.Get("type"); t != "" {
		return t
	}
	switch reflect.Zero(field.Type).Interface().(type) {
	case time.Duration:
		return "number|string"
	case smtp.Secret:
		return "string|secret"
	case []string:
		return "string|string[]"
	}
	switch field.Type.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Struct:
		return optionsClass(reflect.Zero(field.Type).Interface())
	}
	if field.Type == reflect.TypeFor[lua.LValue]() {
		return "any"
	}
	return "string"
}

// optionsClass is the LuaLS class of an options struct: connectOptions is
// "connect.options".
func optionsClass(options any) string {
	name := reflect.TypeOf(options).Name()
	for _, suffix := range []string{"Options", "Fields"} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			return stem + ".options"
		}
	}
	return name
}

// Library returns the LuaLS definitions: one file a module, by file name.
func Library() map[string]string {
	files := map[string]string{"globals.lua": globals}
	for _, m := range Modules() {
		files[m.Name+".lua"] = library(m)
	}
	return files
}

const globals = `---@meta _
-- Generated from the descriptors in luaapi; do not edit.

---What prevented an answer: the error value that try and pcall return.
---@class fault
---@field kind "argument"|"file"|"config"|"dns"|"connect"|"tls"|"greeting"|"auth"|"refused"|"timeout"|"lost"|"protocol"|"finished"|"closed"
---@field message string
---@field hint string? what to do about it
---@field command string? the SMTP command it happened at
---@field code integer? reply code
---@field enhanced string? status code of RFC 3463
---@field temporary boolean another attempt may succeed
---@field where string? script and line
---@field cause any
---@field replies reply[]? the replies that came before
---@field result result? what is known of each recipient
local fault = {}

---Say that the script has taken care of it: it no longer sets the exit status.
---@param reason? string
function fault:handled(reason) end

---Call f and return its values; where a fault is raised, return nil and the fault.
---Mistakes of the script, cancellation and limits pass through.
---@param f function
---@param ... any
---@return any ...
function try(f, ...) end
`

func library(m *Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "---@meta %s\n-- Generated from the descriptors in luaapi; do not edit.\n", m.Name)
	var seen []reflect.Type
	classes := map[string]string{}
	var collect func(reflect.Type)
	collect = func(t reflect.Type) {
		for _, other := range seen {
			if other == t {
				return
			}
		}
		seen = append(seen, t)
		var c strings.Builder
		options := reflect.Zero(t).Interface()
		fmt.Fprintf(&c, "\n---@class %s\n", optionsClass(options))
		for _, o := range OptionsOf(options) {
			fmt.Fprintf(&c, "---@field %s? %s %s\n", o.Name, o.Type, o.Doc)
		}
		classes[optionsClass(options)] = c.String()
		for _, field := range optionFields(t) {
			if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[smtp.Secret]() {
				collect(field.Type)
			}
		}
	}
	eachFunction(m, func(f *Function) {
		if f.Options != nil {
			collect(reflect.TypeOf(f.Options))
		}
	})
	if m.Name == "mime" {
		for _, t := range []reflect.Type{
			reflect.TypeFor[description](), reflect.TypeFor[envelopeOptions](), reflect.TypeFor[attendeeOptions](),
		} {
			collect(t)
		}
	}
	names := make([]string, 0, len(classes))
	for name := range classes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		b.WriteString(classes[name])
	}
	for _, class := range m.Classes {
		fmt.Fprintf(&b, "\n---%s\n---@class %s\n", class.Doc, class.Name)
		for _, f := range class.Fields {
			fmt.Fprintf(&b, "---@field %s %s %s\n", f.Name, f.Type, f.Doc)
		}
		fmt.Fprintf(&b, "local %s = {}\n", class.Name)
		for i := range class.Methods {
			libraryFunction(&b, &class.Methods[i])
		}
	}
	fmt.Fprintf(&b, "\n---%s\n---@class %slib\n", m.Doc, m.Name)
	for _, f := range m.Fields {
		fmt.Fprintf(&b, "---@field %s %s %s\n", f.Name, f.Type, f.Doc)
	}
	fmt.Fprintf(&b, "local %s = {}\n", m.Name)
	for i := range m.Functions {
		libraryFunction(&b, &m.Functions[i])
	}
	fmt.Fprintf(&b, "\nreturn %s\n", m.Name)
	return b.String()
}

// eachFunction visits the functions and methods of a module.
func eachFunction(m *Module, visit func(*Function)) {
	for i := range m.Functions {
		visit(&m.Functions[i])
	}
	for _, class := range m.Classes {
		for i := range class.Methods {
			visit(&class.Methods[i])
		}
	}
}

func libraryFunction(b *strings.Builder, f *Function) {
	fmt.Fprintf(b, "\n---%s\n", f.Doc)
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Label()
		fmt.Fprintf(b, "---@param %s %s %s\n", p.Name, p.luals(f), p.Doc)
	}
	if f.Returns != "" {
		fmt.Fprintf(b, "---@return %s\n", f.Returns)
	}
	fmt.Fprintf(b, "function %s(%s) end\n", f.full, strings.Join(names, ", "))
}

// luals is the type with the options' class in the place of "….options".
func (p Param) luals(f *Function) string {
	if f.Options == nil || !strings.Contains(p.Type, "options") {
		return p.Type
	}
	types := strings.Split(p.Type, "|")
	for i, t := range types {
		if strings.HasSuffix(t, "options") {
			types[i] = optionsClass(f.Options)
		}
	}
	return strings.Join(types, "|")
}
