package luaapi

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/mailscript/mailscript/delivery"
	lua "github.com/yuin/gopher-lua"
)

// examined lets a merge that goes on spare the script's function rows that are done: their
// messages are what they were as long as script, templates and arguments are. The ledger
// knows the first two.
func (m *merge) examined() delivery.Examined {
	noted, err := m.kept.Examined()
	if err != nil {
		m.Fail(err)
	}
	arguments := m.argumentSum()
	e := delivery.Examined{Note: func(sum []byte) error { return m.kept.NoteExamined(slices.Concat(arguments, sum)) }}
	if sum, same := bytes.CutPrefix(noted, arguments); same && len(sum) > 0 {
		e.Sum = sum
	}
	return e
}

// argumentSum tells arguments of the script from others, since whom a merge writes to may
// depend on them.
func (c *Call) argumentSum() []byte {
	h := sha256.New()
	if arguments, ok := c.rt.State().G.Global.RawGetString("arg").(*lua.LTable); ok {
		for i := 1; i <= arguments.MaxN(); i++ {
			text := arguments.RawGetInt(i).String()
			fmt.Fprintf(h, "%d %s", len(text), text)
		}
	}
	return h.Sum(nil)[:16]
}
