package rows

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, test := range []struct {
		name    string
		text    string
		options JSONOptions
		want    string
	}{
		{"array", `[{"name":"Ann","age":33,"vip":true,"x":null},
{"name":"Bob","age":1.5,"vip":false,"x":""}]`, JSONOptions{}, "1: name=\"Ann\" age=33 vip=true x=<nil>\n2: name=\"Bob\" age=1.5f vip=false x=\"\"\n"},
		{"blanks", " [ \n { \"a\" : 1 } \n , \n { \"a\" : 2 } \r\n ] \n", JSONOptions{}, "1: a=1\n2: a=2\n"},
		{"no rows", "[]", JSONOptions{}, ""},
		{"lines", "{\"a\":1}\n\n{\"a\":2,\"b\":3}\r\n{\"b\":4}", JSONOptions{}, "1: a=1\n2: a=2 b=3\n3: b=4\n"},
		{"nested", `[{"a":[1,"x",[true,null]],"o":{"k":"v","n":{}}}]`, JSONOptions{}, "1: a=[1 x [true <nil>]] o=map[k:v n:map[]]\n"},
		{"escapes", `[{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000"}]`, JSONOptions{}, "1: a\n=\"\\\"\\\\/\\b\\f\\n\\r\\té😀\\x00\"\n"},
		{"brackets in texts", `[{"a":"}]\"{","b":"\\"},{"a":",","b":"["}]`, JSONOptions{}, "1: a=\"}]\\\"{\" b=\"\\\\\"\n2: a=\",\" b=\"[\"\n"},
		{"numbers", `[{"a":9007199254740992,"b":9007199254740993,"c":-12345678901234567890,"d":1e3,"e":-0.5E-2,"f":0,"g":-0}]`, JSONOptions{},
			"1: a=9007199254740992 b=\"9007199254740993\" c=\"-12345678901234567890\" d=1000f e=-0.005f f=0 g=0\n"},
		{"a number too large", `[{"a":1e999,"b":1}]`, JSONOptions{}, "1: error: x.json: row 1, column \"a\": a number too large b=1\n"},
		{"columns", `[{"a":1},{"b":2}]`, JSONOptions{Columns: []string{"a", "b"}}, "1: a=1 b=<nil>\n2: b=2 a=<nil>\n"},
		{"rename and types", `[{"when":"2026-11-24","n":"5","z":7}]`, JSONOptions{Rename: map[string]string{"when": "day"}, Types: map[string]Type{"day": TypeDate, "n": TypeInteger, "z": TypeText}}, "1: day=2026-11-24 n=5 z=\"7\"\n"},
		{"rename to another", `[{"a":1,"b":2},{"a":1}]`, JSONOptions{Rename: map[string]string{"a": "b"}}, "error: x.json: row 1, column \"b\": rename: two values would have this name\n2: b=1\n"},
		{"unknown type", "[]", JSONOptions{Types: map[string]Type{"a": "int"}}, "error: x.json, column \"a\": unknown type \"int\"; there are text, integer, number, boolean, date, time\n"},
		{"a list for a number", `[{"a":[1]}]`, JSONOptions{Types: map[string]Type{"a": TypeInteger}}, "1: error: x.json: row 1, column \"a\": a list where the type is integer\n"},
		{"byte order mark", "\ufeff[{\"a\":1}]", JSONOptions{}, "1: a=1\n"},
		{"UTF-16", "\xff\xfe[\x00{\x00\"\x00a\x00\"\x00:\x00\"\x00\xe4\x00\"\x00}\x00]\x00", JSONOptions{}, "1: a=\"ä\"\n"},

		{"no object", `[1,{"a":1},"x",null,[1]]`, JSONOptions{}, "error: x.json: row 1: a number, and no object with names\n2: a=1\nerror: x.json: row 3 (line 1): a text, and no object with names\nerror: x.json: row 4 (line 1): a null, and no object with names\nerror: x.json: row 5 (line 1): a list, and no object with names\n"},
		{"a name twice", `[{"a":1,"a":2},{"a":3},{"o":{"x":1,"\u0078":2}}]`, JSONOptions{}, "error: x.json: row 1: two values with the name \"a\" in one object, at offset 8\n2: a=3\nerror: x.json: row 3 (line 1), column \"o\": two values with the name \"x\" in one object, at offset 35\n"},
		{"half a character", `[{"a":"\ud83d"},{"a":"\ude00x"},{"a":"\ud83d\u0041"},{"a":1}]`, JSONOptions{}, "error: x.json: row 1, column \"a\": \\ud83d is half of a character, at offset 7\nerror: x.json: row 2 (line 1), column \"a\": \\ude00 is half of a character, at offset 22\nerror: x.json: row 3 (line 1), column \"a\": \\ud83d is half of a character, at offset 38\n4: a=1\n"},
		{"invalid UTF-8", "[{\"a\":\"M\xfcller\"},{\"a\":1}]", JSONOptions{}, "error: x.json: row 1, column \"a\": byte 0xFC is no UTF-8, at offset 8\nhint: encoding = \"windows-1252\" would read it as \"{\\\"a\\\":\\\"Müller\\\"}\"; or name another that the file is in\n2: a=1\n"},
		{"deep", `[{"a":` + deep(MaxDepth-1) + `},{"a":` + deep(MaxDepth) + `},{"a":` + deep(100000) + `},{"b":1}]`, JSONOptions{Rename: map[string]string{"a": "b"}, Types: map[string]Type{"b": TypeText}},
			"1: error: x.json: row 1, column \"b\": a list where the type is text\nerror: x.json: row 2 (line 1), column \"a\": more than 100 lists and objects inside each other, at offset 311\nerror: x.json: row 3 (line 1), column \"a\": more than 100 lists and objects inside each other, at offset 518\n4: b=\"1\"\n"},
		{"syntax in an array", "[{\"a\":1},\n{\"a\":x},{\"a\":2}]", JSONOptions{}, "1: a=1\nerror: x.json: row 2, column \"a\": 'x' where a value should be, at offset 15\n"},
		{"syntax in lines", "{\"a\":1}\n{\"a\":01}\n{\"a\":\"\t\"}\n{'a':1}\n{\"a\":1,}\n{\"a\":tru}\n{\"a\":\"\\x\"}\n{\"a\":1}{\"a\":2}\n{\"a\":5}\n", JSONOptions{},
			"1: a=1\nerror: x.json: row 2, column \"a\": a number that begins with 0, at offset 14\nerror: x.json: row 3, column \"a\": control character 0x09 in a text, at offset 23\nerror: x.json: row 4: '\\'' where a name in quotes should be, at offset 28\nerror: x.json: row 5: '}' where a name in quotes should be, at offset 42\nerror: x.json: row 6, column \"a\": 't' where a value should be, at offset 49\nerror: x.json: row 7, column \"a\": unknown escape \\x, at offset 60\nerror: x.json: row 8: '{' where the end should be, at offset 72\n9: a=5\n"},
		{"an object over lines", "{\n \"a\": 1\n}\n", JSONOptions{}, "error: x.json: row 1: ends where a name in quotes should be, at offset 1\nhint: one object stands on one line; several lines are for an array: [ … ]\nerror: x.json: row 2: ':' where the end should be, at offset 6\nerror: x.json: row 3: '}' where a value should be, at offset 10\n"},
		{"the end is missing", `[{"a":1},{"a":2}`, JSONOptions{}, "1: a=1\n2: a=2\nerror: x.json: row 2 (line 1): the file ends behind this row and before the end of the array\nhint: it may be a part of a larger one\n"},
		{"cut in a row", `[{"a":1},{"a":"2`, JSONOptions{}, "1: a=1\nerror: x.json: row 2 (line 1): the file ends in the middle of this row\nhint: it may be a part of a larger one\n"},
		{"cut behind a comma", `[{"a":1},`, JSONOptions{}, "1: a=1\nerror: x.json: row 1: the file ends behind this row and before the end of the array\nhint: it may be a part of a larger one\n"},
		{"no comma", `[{"a":1} {"a":2}]`, JSONOptions{}, "1: a=1\nerror: x.json: row 1: '{' behind the row, where a comma or the end of the array should be\n"},
		{"a comma at the end", `[{"a":1},]`, JSONOptions{}, "1: a=1\nerror: x.json: row 1: a comma behind the last row\n"},
		{"more behind the end", `[{"a":1}] x`, JSONOptions{}, "1: a=1\nerror: x.json: 'x' behind the end of the array\n"},
		{"empty", " \n", JSONOptions{}, "error: x.json: is empty: neither an array nor an object\n"},
		{"something else", `"a"`, JSONOptions{}, "error: x.json: begins with '\"', and neither with an array of objects nor with an object\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"at once":        func(r io.Reader) io.Reader { return r },
				"byte by byte":   iotest.OneByteReader,
				"EOF with bytes": iotest.DataErrReader,
			} {
				test.options.Open = func() (io.ReadCloser, error) { return io.NopCloser(wrap(strings.NewReader(test.text))), nil }
				if diff := cmp.Diff(test.want, table(t, JSON("x.json", test.options))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestJSONL(t *testing.T) {
	got := table(t, JSONL("x.jsonl", JSONOptions{Open: from("[1]\n{\"a\":1}\n")}))
	if want := "error: x.jsonl: row 1: a list, and no object with names\n2: a=1\n"; got != want {
		t.Error(got)
	}
	if got := table(t, JSONL("x.jsonl", JSONOptions{Open: from("")})); got != "" {
		t.Error(got)
	}
}

func TestJSONLimits(t *testing.T) {
	for name, test := range map[string]struct{ begin, repeat string }{
		"text in an array": {`[{"a":"`, "x"},
		"text in lines":    {`{"a":"`, "x"},
		"lists":            {`[{"a":`, "["},
		"objects":          {``, `{"a":`},
	} {
		t.Run(name, func(t *testing.T) {
			open := func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader(test.begin), &endless{text: strings.Repeat(test.repeat, 4096)})), nil
			}
			got := table(t, JSON("x.json", JSONOptions{Open: open}))
			if want := "error: x.json: row 1: larger than 16 MiB\n"; got != want {
				t.Error(got)
			}
		})
	}
}

func TestNestedValuesAreNew(t *testing.T) {
	for row := range All(t.Context(), JSON("", JSONOptions{Open: from(`[{"a":[1]}]`)})) {
		first, err := row.Get("a")
		if err != nil {
			t.Fatal(err)
		}
		first.([]any)[0] = "changed"
		if again, _ := row.Get("a"); again.([]any)[0] != int64(1) {
			t.Error(again)
		}
	}
}
