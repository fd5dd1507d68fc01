package luaapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// decodeOptions are the options of json.decode.
type decodeOptions struct {
	Null bool `lua:"null" doc:"null becomes json.null, which can be told from what is missing; default nil"`
}

// encodeOptions are the options of json.encode.
type encodeOptions struct {
	Indent bool `lua:"indent" doc:"one value a line, for people"`
}

// jsonOptions are the options of json.rows.
type jsonOptions struct {
	Columns []string `lua:"columns" doc:"names that every row has: nil where its object has none"`
	tableOptions
}

func jsonModule() *Module {
	return &Module{
		Name: "json",
		Doc:  "JSON (RFC 8259). Whole numbers beyond 2^53 are strings, digit for digit.",
		Fields: []Field{
			{"null", "null", "stands for null where a table must keep it: nil leaves a field out", func(c *Call) lua.LValue { return c.object("null", null{}) }},
		},
		Functions: []Function{
			{
				Name: "decode", Params: []Param{{"text", "string", "one JSON value"}, {"opts?", "decode.options", ""}}, Options: decodeOptions{}, Returns: "any",
				Doc:     "The value that a JSON text holds: objects and lists are tables, null is nil. What is wrong with the text is said with its line and column.",
				Example: `print(json.decode('{"name": "Ann", "points": [1, 2]}').points[2])`,
				Call: func(c *Call) []lua.LValue {
					var o decodeOptions
					c.Options(1, &o)
					value, err := decodeJSON(c.String(0))
					if err != nil {
						c.rt.Raise(c.L, &engine.Fault{Kind: engine.KindArgument, Message: "json.decode: " + err.Error(), Err: err})
					}
					if o.Null {
						value = c.withNull(value)
					}
					return values(c.fromJSON(value))
				},
			},
			{
				Name: "encode", Params: []Param{{"value", "any", "nil, a boolean, number, string or table"}, {"opts?", "encode.options", ""}}, Options: encodeOptions{}, Returns: "string",
				Doc:     "The JSON text of a value. A table with the keys 1, 2, 3 … is a list, one with texts as keys an object, its names sorted; an empty table is an object unless json.array made it a list.",
				Example: `print(json.encode { name = "Ann", tags = json.array {} })`,
				Call: func(c *Call) []lua.LValue {
					var o encodeOptions
					c.Options(1, &o)
					value, err := c.toGo(c.Arg(0), onlyNull)
					if err != nil {
						c.Usage("", "%v", err)
					}
					text, err := encodeJSON(value, o.Indent)
					if err != nil {
						c.Usage("", "%v", err)
					}
					return values(lua.LString(text))
				},
			},
			{
				Name: "rows", Params: []Param{{"path", "string", "relative to the project folder"}, {"opts?", "json.options", ""}}, Options: jsonOptions{}, Returns: "source",
				Doc:     "The rows of a file: an array of objects, or JSON Lines, an object on each line; the first character says which. Each object has columns of its own; to ask for one that it does not have is an error, unless columns names it.",
				Example: `for row in json.rows("people.jsonl", { columns = { "city" } }) do print(row.email, row.city) end`,
				Call: func(c *Call) []lua.LValue {
					var o jsonOptions
					c.Options(1, &o)
					return values(c.sourceObject(rows.JSON(c.path(c.String(0)), rows.JSONOptions{
						Name: c.String(0), Columns: o.Columns, Encoding: o.Encoding, Rename: c.names("rename", o.Rename), Types: c.types(o.Types),
					})))
				},
			},
			{
				Name: "array", Params: []Param{{"table", "table", "a list"}}, Returns: "table",
				Doc:     "The same table, which is a list from now on even when it is empty.",
				Example: `print(json.encode(json.array {}))`,
				Call: func(c *Call) []lua.LValue {
					t := c.Arg(0).(*lua.LTable)
					if t.Metatable != nil && t.Metatable != lua.LNil && t.Metatable != lua.LValue(c.arrays()) {
						c.Usage("", "the table has a metatable of its own")
					}
					t.Metatable = c.arrays()
					return values(t)
				},
			},
		},
		Classes: []*Class{{
			Name: "null", Doc: "The null of JSON.",
			Text: func(any) string { return "null" },
		}},
	}
}

// null is what json.null holds.
type null struct{}

// onlyNull makes data of json.null and of no other object.
func onlyNull(v *lua.LUserData) (any, bool) {
	_, ok := v.Value.(null)
	return nil, ok
}

// decodeJSON reads exactly one value.
func decodeJSON(text string) (any, error) {
	if err := shallow(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	err := d.Decode(&value)
	if err == nil {
		behind := d.InputOffset()
		if rest := strings.TrimLeft(text[behind:], " \t\r\n"); rest != "" {
			return nil, fmt.Errorf("%s: more text behind the value", placeIn(text, int64(len(text)-len(rest))))
		}
		return value, nil
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s: %s", placeIn(text, syntax.Offset-1), syntax)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%s: the text ends too early", placeIn(text, int64(len(text))))
	}
	return nil, err
}

// shallow refuses what is nested too deep before anything recurses into it.
func shallow(text string) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return fmt.Errorf("%s: nested more than %d deep", placeIn(text, int64(i)), maxNesting)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// placeIn says where an offset is, for people.
func placeIn(text string, offset int64) string {
	before := text[:max(min(offset, int64(len(text))), 0)]
	line := strings.Count(before, "\n") + 1
	return fmt.Sprintf("line %d, column %d", line, len(before)-strings.LastIndexByte(before, '\n'))
}

func encodeJSON(value any, indent bool) (string, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(value); err != nil {
		var unsupported *json.UnsupportedValueError
		if errors.As(err, &unsupported) {
			return "", fmt.Errorf("JSON has no number %s", unsupported.Str)
		}
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// withNull puts the object for null where a decoded value has none.
func (c *Call) withNull(value any) any {
	switch value := value.(type) {
	case nil:
		return null{}
	case []any:
		for i, item := range value {
			value[i] = c.withNull(item)
		}
	case map[string]any:
		for name, item := range value {
			value[name] = c.withNull(item)
		}
	}
	return value
}

// fromJSON is toLua, with lists marked as such so that they are encoded as lists again.
func (c *Call) fromJSON(value any) lua.LValue {
	switch value := value.(type) {
	case null:
		return c.object("null", value)
	case []any:
		t := c.rt.State().CreateTable(len(value), 0)
		t.Metatable = c.arrays()
		for i, item := range value {
			t.RawSetInt(i+1, c.fromJSON(item))
		}
		return t
	case map[string]any:
		t := c.rt.State().CreateTable(0, len(value))
		for name, item := range value {
			t.RawSetString(name, c.fromJSON(item))
		}
		return t
	}
	return c.toLua(value)
}
