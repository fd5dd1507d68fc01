package luaapi

import (
	"slices"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// csvOptions are the options of csv.rows.
type csvOptions struct {
	Delimiter string   `lua:"delimiter" doc:"what stands between cells; default found: the one of , ; tab | in the first row"`
	Columns   []string `lua:"columns" doc:"the names of the columns, for a file whose first row is data"`
	Decimal   string   `lua:"decimal" type:"\".\"|\",\"" doc:"what stands in numbers between the digits; default a point"`
	tableOptions
}

// tableOptions are what all files with rows have.
type tableOptions struct {
	Types    luaValue `lua:"types" type:"table<string, string>" doc:"column to type: \"integer\", \"number\", \"boolean\", \"date\", \"time\", or \"date:%d.%m.%Y\"; default text"`
	Rename   luaValue `lua:"rename" type:"table<string, string>" doc:"names of columns in the file to the names that the script uses"`
	Encoding string   `lua:"encoding" doc:"such as \"windows-1252\" or \"shift_jis\"; default what the byte order mark says, or UTF-8"`
}

func csvModule() *Module {
	return &Module{
		Name: "csv",
		Doc:  "Files of comma-separated values (RFC 4180), with any delimiter and in any encoding.",
		Functions: append([]Function{{
			Name: "rows", Params: []Param{{"path", "string", "relative to the project folder"}, {"opts?", "csv.options", ""}}, Options: csvOptions{}, Returns: "source",
			Doc: "The rows of a file. The first row names the columns. Cells are text unless types says otherwise, and empty ones are nil. " +
				"A bad row raises where the loop meets it, with its row and column; mailscript check finds all of them at once.",
			Example: `for row, number in csv.rows("people.csv", { types = { points = "integer" } }) do print(number, row.email, row.points) end`,
			Call: func(c *Call) []lua.LValue {
				var o csvOptions
				c.Options(1, &o)
				return values(c.sourceObject(rows.CSV(c.path(c.String(0)), rows.CSVOptions{
					Name: c.String(0), Delimiter: o.Delimiter, Columns: o.Columns, Decimal: o.Decimal,
					Encoding: o.Encoding, Rename: c.names("rename", o.Rename), Types: c.types(o.Types),
				})))
			},
		}}, csvWriters()...),
		Classes: []*Class{sourceClass(), rowClass()},
	}
}

// names reads an option that maps names to names.
func (c *Call) names(option string, v lua.LValue) map[string]string {
	if v == nil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Usage("", "option %q must be a table, got %s", option, engine.TypeName(v))
	}
	names := map[string]string{}
	t.ForEach(func(key, value lua.LValue) {
		from, isName := key.(lua.LString)
		to, isText := value.(lua.LString)
		if !isName || !isText {
			c.Usage("", "option %q must have strings as keys and values, got %s = %s", option, engine.TypeName(key), engine.TypeName(value))
		}
		names[string(from)] = string(to)
	})
	return names
}

// types reads the option of that name. How a date is written may follow its type.
func (c *Call) types(v lua.LValue) map[string]rows.Type {
	names := c.names("types", v)
	types := map[string]rows.Type{}
	for _, column := range sortedKeys(names) {
		types[column] = rows.Type(names[column])
	}
	return types
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
