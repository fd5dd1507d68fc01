package rows

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCSV compares with encoding/csv: what both accept they read alike, and what we
// accept it does.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "a;b\r\n\"1\r\n2\";\"\"\"\"\r\n", "a\n\n\"\"\nx", "a,b\n\"x\n1,2\n\"y\",z\n", "a,b\r1,2\r", "a\tb\n1\t2\r", "\ufeffa,b\n1,\x00\n", "a|b\n\"1\"x|2\n3|4",
		"sep=;\na;b\n1;2\n", "a,,b\n1,,2\n", "a,b\n\xff,1\n", "a\n\"\n", "a\n\r\n\"x\"\r", ",\n,\n",
	} {
		f.Add(seed, byte(','))
	}
	f.Fuzz(func(t *testing.T, text string, delimiter byte) {
		options := CSVOptions{Name: "x", Open: from(text), Delimiter: string([]byte{delimiter})}
		reader, err := CSV("", options).Open(t.Context())
		if err != nil {
			checkFault(t, err)
			return
		}
		defer reader.Close()
		peer := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		peer.Comma, peer.FieldsPerRecord, peer.ReuseRecord = rune(delimiter), -1, true
		header, err := peer.Read()
		if err != nil {
			t.Fatalf("encoding/csv reads no header: %v", err)
		}
		var named []int
		for i, name := range header {
			if strings.Trim(name, " \t\u00a0") != "" {
				named = append(named, i)
			}
		}
		last := int64(0)
		for {
			row, err := reader.Next()
			if err != nil && !OfOneRow(err) {
				if err.Error() != "EOF" {
					checkFault(t, err)
				}
				break
			}
			if err != nil {
				checkFault(t, err)
				return // behind it encoding/csv goes on elsewhere
			}
			if row.Number() <= last {
				t.Fatalf("row %d after row %d", row.Number(), last)
			}
			last = row.Number()
			record, err := peer.Read()
			for err == nil && strings.Join(record, "") == "" {
				record, err = peer.Read()
			}
			if err != nil {
				t.Fatalf("encoding/csv does not read row %d: %v", row.Number(), err)
			}
			if row.Len() != len(named) {
				t.Fatalf("%d cells, want %d", row.Len(), len(named))
			}
			for i, cell := range named {
				got, _ := row.Text(i)
				if got != record[cell] {
					t.Fatalf("row %d, cell %d: %q, and encoding/csv has %q", row.Number(), cell, got, record[cell])
				}
			}
		}
		for {
			record, err := peer.Read()
			if err != nil {
				break
			}
			if strings.Join(record, "") != "" {
				t.Fatalf("encoding/csv has another row: %q", record)
			}
		}
	})
}

// checkFault wants an error of ours that can be shown.
func checkFault(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if e.Text == "" || strings.ContainsAny(err.Error(), "\r\n\x00") || !utf8.ValidString(err.Error()+e.Hint) {
		t.Fatalf("%q, hint %q", err.Error(), e.Hint)
	}
}

// FuzzJSON compares with encoding/json: what we accept it does, with the same values.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`[{"a":1,"b":[true,null,{"c":"\u00e9\ud83d\ude00"}]},{"a":-1.5e3}]`, "{\"a\":1}\n{\"b\":\"}\"}\n", `[{"a":"\ud800"},{"a":1}]`, "[{\"\xff\":1}]", `[[[[`, `[{"a":1}`, `[{"a":1},]`, `[{"a":12345678901234567890}] x`, `[{"a":"]"},3]`, `[{"a":1,"a":2}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reader, err := JSON("", JSONOptions{Name: "x", Open: from(text)}).Open(t.Context())
		if err != nil {
			checkFault(t, err)
			return
		}
		defer reader.Close()
		var got []any
		clean := true
		for {
			row, err := reader.Next()
			if err != nil {
				if err.Error() == "EOF" {
					break
				}
				checkFault(t, err)
				clean = false
				if OfOneRow(err) {
					continue
				}
				break
			}
			values, err := row.Map()
			if err != nil {
				checkFault(t, err)
				clean = false
				continue
			}
			got = append(got, values)
		}
		text = strings.TrimPrefix(text, "\ufeff")
		if !clean || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			return
		}
		if trimmed := strings.TrimLeft(text, " \t\r\n"); trimmed[0] == '{' {
			text = "[" + strings.Join(strings.FieldsFunc(trimmed, func(r rune) bool { return r == '\n' }), "\n,") + "]"
			for _, line := range strings.Split(trimmed, "\n") {
				if strings.Trim(line, " \t\r") == "" {
					return // would be an empty item here
				}
			}
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want []any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("encoding/json: %v", err)
		}
		if len(want)+len(got) > 0 && !reflect.DeepEqual(likeOurs(want), any(got)) {
			t.Fatalf("%v, and encoding/json has %v", got, want)
		}
	})
}

// likeOurs makes of the numbers of encoding/json what our values are.
func likeOurs(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = likeOurs(value[i])
		}
		return value
	case map[string]any:
		for name := range value {
			value[name] = likeOurs(value[name])
		}
		return value
	case json.Number:
		if n, err := value.Int64(); err == nil {
			if n > maxExact || n < -maxExact {
				return string(value)
			}
			return n
		}
		if whole(string(value)) {
			return string(value)
		}
		f, _ := strconv.ParseFloat(string(value), 64)
		return f
	}
	return value
}
