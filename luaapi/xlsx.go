package luaapi

import (
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// sheetOptions are the options of xlsx.rows.
type sheetOptions struct {
	Sheet  string   `lua:"sheet" doc:"its name; default the first one that is not hidden"`
	Header int64    `lua:"header" doc:"the number of the row that names the columns; default the first one that is not empty"`
	Types  luaValue `lua:"types" type:"table<string, string>" doc:"column to type, as for csv.rows; default what the cells are"`
	Rename luaValue `lua:"rename" type:"table<string, string>" doc:"names of columns in the file to the names that the script uses"`
}

func xlsxModule() *Module {
	return &Module{
		Name: "xlsx",
		Doc:  "Workbooks of Excel and LibreOffice (Office Open XML).",
		Functions: []Function{{
			Name: "rows", Params: []Param{{"path", "string", "relative to the project folder"}, {"opts?", "sheet.options", ""}}, Options: sheetOptions{}, Returns: "source",
			Doc:     "The rows of a sheet, with the values of its cells: texts, numbers, booleans, and dates as times. Of a formula it is the value that the file holds.",
			Example: `for row, number in xlsx.rows("people.xlsx", { sheet = "People" }) do print(number, row.email) end`,
			Call: func(c *Call) []lua.LValue {
				var o sheetOptions
				c.Options(1, &o)
				return values(c.sourceObject(rows.XLSX(c.path(c.String(0)), rows.XLSXOptions{
					Name: c.String(0), Sheet: o.Sheet, Header: o.Header, Rename: c.names("rename", o.Rename), Types: c.types(o.Types),
				})))
			},
		}, workbookFunction()},
	}
}
