package lualib

import (
	"cmp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Tables is the table table.
func Tables() map[string]Function {
	return map[string]Function{
		"concat":   concat,
		"foreach":  foreach,
		"foreachi": foreachi,
		"getn":     getn,
		"insert":   insert,
		"maxn":     maxn,
		"remove":   remove,
		"sort":     sortTable,
	}
}

func concat(L *lua.LState) int {
	table := CheckTable(L, 1, "concat")
	separator := ""
	if L.Get(2) != lua.LNil {
		separator = CheckString(L, 2, "concat")
	}
	i := OptInt(L, 3, "concat", 1)
	j := OptInt(L, 4, "concat", -1)
	if L.Get(4) == lua.LNil {
		j = table.Len()
	}
	var b strings.Builder
	for k := i; k <= j; k++ {
		var text string
		switch v := element(table, k).(type) {
		case lua.LString:
			text = string(v)
		case lua.LNumber:
			text = FormatNumber(float64(v))
		default:
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type().String(), k)
		}
		if b.Len()+len(text)+len(separator) > MaxString {
			tooLong(L, "concat")
		}
		b.WriteString(text)
		if k != j {
			b.WriteString(separator)
		}
		if k&(poll-1) == 0 {
			stopped(L)
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// element is table[i] without metamethods. Keys that are no index of the array part need the slower look-up.
func element(table *lua.LTable, i int) lua.LValue {
	if v := table.RawGetInt(i); v != lua.LNil && v != nil {
		return v
	}
	return table.RawGet(lua.LNumber(i))
}

func foreach(L *lua.LState) int {
	table, fn := CheckTable(L, 1, "foreach"), CheckFunction(L, 2, "foreach")
	for key, value := table.Next(lua.LNil); key != lua.LNil; key, value = table.Next(key) {
		if pushed := callEach(L, fn, key, value); pushed {
			return 1
		}
	}
	return 0
}

func foreachi(L *lua.LState) int {
	table, fn := CheckTable(L, 1, "foreachi"), CheckFunction(L, 2, "foreachi")
	for i := 1; i <= table.Len(); i++ {
		if pushed := callEach(L, fn, lua.LNumber(i), element(table, i)); pushed {
			return 1
		}
	}
	return 0
}

// callEach calls fn and leaves its result on the stack if that is not nil.
func callEach(L *lua.LState, fn *lua.LFunction, key, value lua.LValue) bool {
	stopped(L)
	L.Push(fn)
	L.Push(key)
	L.Push(value)
	L.Call(2, 1)
	if L.Get(-1) != lua.LNil {
		return true
	}
	L.Pop(1)
	return false
}

func getn(L *lua.LState) int {
	L.Push(lua.LNumber(CheckTable(L, 1, "getn").Len()))
	return 1
}

func insert(L *lua.LState) int {
	table := CheckTable(L, 1, "insert")
	end := table.Len() + 1
	if end >= lua.MaxArrayIndex {
		L.RaiseError("table overflow: a list can hold %d elements", lua.MaxArrayIndex-1)
	}
	switch L.GetTop() {
	case 2:
		table.RawSetInt(end, L.Get(2))
	case 3:
		position := CheckInt(L, 2, "insert")
		switch {
		case position < 1:
			ArgumentError(L, 2, "insert", "position out of bounds")
		case position >= end:
			table.RawSet(lua.LNumber(position), L.Get(3))
		default:
			table.Insert(position, L.Get(3))
		}
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

func maxn(L *lua.LState) int {
	largest := lua.LNumber(0)
	CheckTable(L, 1, "maxn").ForEach(func(key, _ lua.LValue) {
		if n, ok := key.(lua.LNumber); ok && n > largest {
			largest = n
		}
	})
	L.Push(largest)
	return 1
}

func remove(L *lua.LState) int {
	table := CheckTable(L, 1, "remove")
	end := table.Len()
	position := OptInt(L, 2, "remove", end)
	if position < 1 || position > end {
		return 0
	}
	L.Push(table.Remove(position))
	return 1
}

// Unpack is unpack(table, i?, j?).
func Unpack(L *lua.LState) int {
	table := CheckTable(L, 1, "unpack")
	i := OptInt(L, 2, "unpack", 1)
	j := OptInt(L, 3, "unpack", -1)
	if L.Get(3) == lua.LNil {
		j = table.Len()
	}
	if i > j {
		return 0
	}
	if j-i >= maxValues {
		L.RaiseError("too many results to unpack")
	}
	for k := i; k <= j; k++ {
		L.Push(element(table, k))
	}
	return j - i + 1
}

// sortTable is table.sort(table, less?). It sorts a copy, so that a comparison that changes the table, or makes
// no sense, can do no harm.
func sortTable(L *lua.LState) int {
	table := CheckTable(L, 1, "sort")
	var fn *lua.LFunction
	if L.Get(2) != lua.LNil {
		fn = CheckFunction(L, 2, "sort")
	}
	values := make([]lua.LValue, table.Len())
	for i := range values {
		values[i] = element(table, i+1)
	}
	comparisons := 0
	tick := func() {
		if comparisons++; comparisons%poll == 0 {
			stopped(L)
		}
	}
	if fn != nil || !sortPlain(values, tick) {
		less := L.LessThan
		if fn != nil {
			less = func(a, b lua.LValue) bool {
				L.Push(fn)
				L.Push(a)
				L.Push(b)
				L.Call(2, 1)
				result := L.Get(-1)
				L.Pop(1)
				return lua.LVAsBool(result)
			}
		}
		slices.SortFunc(values, func(a, b lua.LValue) int {
			tick()
			if less(a, b) {
				return -1
			}
			return 1
		})
		for i := 1; i < len(values); i++ {
			if less(values[i], values[i-1]) {
				L.RaiseError("invalid order function for sorting (it must be false for equal values, and not depend on their order)")
			}
		}
	}
	for i, v := range values {
		table.RawSetInt(i+1, v)
	}
	return 0
}

// sortPlain sorts values that are all numbers or all strings, by the order of <.
func sortPlain(values []lua.LValue, tick func()) bool {
	numbers, texts := true, true
	for _, v := range values {
		_, number := v.(lua.LNumber)
		_, text := v.(lua.LString)
		numbers, texts = numbers && number, texts && text
	}
	switch {
	case numbers:
		slices.SortFunc(values, func(a, b lua.LValue) int {
			tick()
			return cmp.Compare(a.(lua.LNumber), b.(lua.LNumber))
		})
	case texts:
		slices.SortFunc(values, func(a, b lua.LValue) int {
			tick()
			return strings.Compare(string(a.(lua.LString)), string(b.(lua.LString)))
		})
	}
	return numbers || texts
}
