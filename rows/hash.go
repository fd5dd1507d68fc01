package rows

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Hash is of what a row says: the first 128 bits of a SHA-256 over its names and
// values. It is the same in every run and on every machine, whatever the order of the
// columns and the place of the row; an empty column more or less does not change it.
// Cells of text formats count as they were written, whatever type the options give.
func (r *Row) Hash() [16]byte {
	var room [1024]byte
	b := room[:0]
	for _, i := range r.shape.columns.sorted {
		value := any(nil)
		if text, ok := r.written(i); ok {
			if text == "" {
				continue
			}
			b = appendHashed(appendText(b, 'c', r.shape.columns.names[i]), text)
			continue
		}
		value, e := r.shape.form.value(r, i)
		if e != nil {
			value = e.Text // a bad cell has no other value
		}
		if value != nil {
			b = appendHashed(appendText(b, 'c', r.shape.columns.names[i]), value)
		}
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// written is a cell as it stands in a text format.
func (r *Row) written(i int) (string, bool) {
	if _, ok := r.shape.form.(*csvForm); ok {
		return csvCell(r.raw, r.Len(), i), true
	}
	return r.shape.form.text(r, i)
}

func appendText(b []byte, kind byte, text string) []byte {
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// appendHashed writes a value so that different ones differ.
func appendHashed(b []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(b, 'n')
	case string:
		return appendText(b, 's', value)
	case bool:
		if value {
			return append(b, 't')
		}
		return append(b, 'f')
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(value))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'd'), math.Float64bits(value))
	case time.Time:
		return appendText(b, 'm', value.UTC().Format(time.RFC3339Nano))
	case Date:
		return appendText(b, 'y', value.String())
	case []any:
		b = binary.AppendUvarint(append(b, 'l'), uint64(len(value)))
		for _, item := range value {
			b = appendHashed(b, item)
		}
		return b
	case map[string]any:
		b = binary.AppendUvarint(append(b, 'o'), uint64(len(value)))
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			b = appendHashed(appendText(b, 'k', name), value[name])
		}
		return b
	}
	panic("rows: a value of a kind that no row has")
}
