package rows

import (
	"encoding/hex"
	"testing"
	"time"
)

func only(t *testing.T, source Source) *Row {
	t.Helper()
	var only *Row
	for row, err := range All(t.Context(), source) {
		if err != nil || only != nil {
			t.Fatal(row, err)
		}
		only = row
	}
	return only
}

func TestHash(t *testing.T) {
	csv := func(text string, types map[string]Type) [16]byte {
		return only(t, CSV("", CSVOptions{Open: from(text), Types: types})).Hash()
	}
	json := func(text string) [16]byte { return only(t, JSON("", JSONOptions{Open: from(text)})).Hash() }
	first := csv("a,b\n1,2\n", nil)
	for name, same := range map[string][16]byte{
		"the order of columns": csv("b,a\n2,1\n", nil),
		"the place":            csv("a,b\n\n\n1,2\n", nil),
		"quotes":               csv("a,b\n\"1\",2\n", nil),
		"an empty column":      csv("a,b,c\n1,2,\n", nil),
		"a type":               csv("a,b\n1,2\n", map[string]Type{"a": TypeInteger}),
		"JSON with texts":      json(`[{"b":"2","a":"1"}]`),
	} {
		if same != first {
			t.Errorf("%s changes the hash", name)
		}
	}
	seen := map[[16]byte]string{}
	for name, hash := range map[string][16]byte{
		"a=1 b=2": first, "a=2 b=1": csv("a,b\n2,1\n", nil), "a=12": csv("a,b\n12,\n", nil), "b=12": csv("a,b\n,12\n", nil), "a=1": csv("a,b\n1,\n", nil),
		"ab=12": csv("ab\n12\n", nil), "number": json(`[{"a":1,"b":2}]`), "fraction": json(`[{"a":1.0,"b":2}]`), "list": json(`[{"a":[1,2]}]`), "lists": json(`[{"a":[[1],2]}]`),
		"object": json(`[{"a":{"x":1}}]`), "other object": json(`[{"a":{"y":1}}]`), "true": json(`[{"a":true}]`), "false": json(`[{"a":false}]`), "empty text": json(`[{"a":[""]}]`), "null": json(`[{"a":[null]}]`),
	} {
		if other, ok := seen[hash]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[hash] = name
	}
	if json(`[{"a":{"x":1,"y":2}}]`) != json(`[{"a":{"y":2,"x":1}}]`) {
		t.Error("the order of an object changes the hash")
	}
}

// TestHashStays holds the hash of one row for ever: ledgers have it.
func TestHashStays(t *testing.T) {
	maker := Maker{Name: "table"}
	row, err := maker.Row(1, []string{"t", "n", "f", "b", "d", "m", "l", "o", "nil"}, []any{
		"text", int64(-5), 1.5, true, Date{2026, 11, 24}, time.Date(2026, 11, 24, 7, 0, 0, 5, time.FixedZone("", 3600)), []any{"x", nil}, map[string]any{"k": false}, nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	hash := row.Hash()
	if got, want := hex.EncodeToString(hash[:]), "4d9a324f6ceb65ee34ea848e9807a9d8"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMaker(t *testing.T) {
	maker := Maker{Name: "list"}
	names := []string{"a", "b"}
	first, err := maker.Row(1, names, []any{"x", int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	second, err := maker.Row(2, names, []any{nil, 1.5})
	if err != nil {
		t.Fatal(err)
	}
	if first.Columns() != second.Columns() {
		t.Error("rows with the same names have different columns")
	}
	names[0] = "changed"
	if value, err := first.Get("a"); value != "x" || err != nil {
		t.Error(value, err)
	}
	for want, values := range map[string][]any{
		"list: row 3: 2 names for 1 values":                        {"x"},
		`list: row 3, column "b": a int is no value of a row`:      {"x", 1},
		`list: row 3, column "b": a []string is no value of a row`: {"x", []string{"y"}},
	} {
		if _, err := maker.Row(3, []string{"a", "b"}, values); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := maker.Row(3, []string{"a", "a"}, []any{"", ""}); err == nil || err.Error() != `list: row 3, column "a": two values have this name` {
		t.Error(err)
	}
	var endless any = "x"
	for range MaxDepth + 1 {
		endless = []any{endless}
	}
	if _, err := maker.Row(3, []string{"a"}, []any{endless}); err == nil {
		t.Error("too deep, and taken")
	}
}

func TestWhere(t *testing.T) {
	source := Where(CSV("x.csv", CSVOptions{Open: from("a\n1\n2\n3\n1,1\n2\n")}), func(row *Row) (bool, error) {
		value, err := row.Get("a")
		return value == "2", err
	})
	want := "3: a=\"2\"\nerror: x.csv: row 5: 2 cells, and 1 columns\nhint: cells are divided by ',', and one that holds it stands in quotes\n6: a=\"2\"\n"
	if got := table(t, source); got != want {
		t.Error(got)
	}
}
