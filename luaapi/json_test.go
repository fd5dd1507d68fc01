package luaapi

import (
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`print(json.encode(json.decode('{"b":[1,2.5,"x",true,null,{}],"a":""}')))`, `{"a":"","b":[1,2.5,"x",true,null,{}]}`},
		{`print(json.encode(json.decode("[]")), json.encode {}, json.encode(json.array {}))`, "[]\t{}\t[]"},
		{`print(json.encode { a = json.null, b = nil })`, `{"a":null}`},
		{`print(json.decode("null"), json.decode("[null]", { null = true })[1] == nil)`, "nil\tfalse"},
		{`print(json.decode("9007199254740993"), json.decode("-12"), json.decode("1e400"), json.decode("0.1"))`, "9007199254740993\t-12\t1e400\t0.1"},
		{`print(json.encode("<a href='x'>\u{2028}" .. string.char(10)))`, `"<a href='x'>\u2028\n"`},
		{`print(json.encode({ 1, { x = 2 } }, { indent = true }))`, "[\n  1,\n  {\n    \"x\": 2\n  }\n]"},
		{`print(json.encode { 1, nil, 3 })`, "[1,null,3]"},
	} {
		test.source = strings.ReplaceAll(test.source, `\u{2028}`, "\xe2\x80\xa8")
		out, _, err := rehearse(t, around+test.source)
		if err != nil || strings.TrimSuffix(out, "\n") != test.want {
			t.Errorf("%s\n%s%v\nwant %s", test.source, out, err, test.want)
		}
	}
}

func TestJSONMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`json.decode('{\n  "a": 1,\n  b: 2 }')`, "json.decode: line 3, column 3: invalid character 'b'"},
		{`json.decode('{"a": [1, 2')`, "json.decode: line 1, column 12: the text ends too early"},
		{`json.decode("1 2")`, "line 1, column 3: more text behind the value"},
		{`json.decode("")`, "the text ends too early"},
		{`json.decode(string.rep("[", 200000))`, "line 1, column 101: nested more than 100 deep"},
		{`json.encode { x = { [1] = 2, y = 3 } }`, "json.encode: .x: a table has both elements of a list and the key y"},
		{`json.encode { [true] = 3 }`, "neither a text nor an element of a list"},
		{`json.encode { { f = print } }`, "json.encode: [1].f: a function cannot be part of data"},
		{`json.encode { secret.env("HOME") }`, "json.encode: [1]: a secret cannot be part of data"},
		{`json.encode(0/0)`, "JSON has no number NaN"},
		{`local t = {} t.t = t json.encode(t)`, ".t: a table holds itself"},
		{`local t = {} for i = 1, 200 do t = { t } end json.encode(t)`, "nested more than 100 deep"},
		{`json.encode { [5000000] = 1 }`, "a list has 1 elements and the highest index 5000000"},
		{`json.array(setmetatable({}, {}))`, "the table has a metatable of its own"},
		{`json.nul()`, `module json has no function "nul" (did you mean "null"?)`},
	} {
		if _, _, err := rehearse(t, around+test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}
