package luaapi

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/workbook"
	lua "github.com/yuin/gopher-lua"
)

// workbookOptions are the fields of xlsx.workbook.
type workbookOptions struct {
	Name   string   `lua:"name" doc:"of the file, such as \"sales.xlsx\"; required"`
	Sheets luaValue `lua:"sheets" type:"{ name: string, rows: source|table|function, columns?: (string|table)[] }[]" doc:"a list of { name, rows, columns }, as said above; required"`
	Title  string   `lua:"title" doc:"in the properties of the file"`
	Author string   `lua:"author" doc:"in the properties of the file"`
}

// sheetFields are the fields of a sheet.
type sheetFields struct {
	Name    string   `lua:"name" doc:"on the tab, 31 characters at most; required"`
	Rows    luaValue `lua:"rows" type:"source|table|(fun(): table|row|nil)" doc:"a source, a list of rows, or a function that returns one each time; a row is a table with names, or a list in the order of columns; required"`
	Columns luaValue `lua:"columns" type:"(string|table)[]" doc:"names, or { name, title, type … }, in order; default all of a source, or those of the first row, sorted"`
}

// columnFields are the fields of a column.
type columnFields struct {
	Name     string `lua:"name" doc:"of the value in each row; required"`
	Title    string `lua:"title" doc:"in the first row of the sheet; default the name"`
	Type     string `lua:"type" type:"\"any\"|\"text\"|\"number\"|\"integer\"|\"money\"|\"percent\"|\"date\"|\"time\"|\"bool\"" doc:"what the values are and how they look; default any: each as it is. Numbers that a database has as text need a type to be numbers"`
	Currency string `lua:"currency" doc:"behind amounts of the type money: \"€\", \"EUR\""`
	Format   string `lua:"format" doc:"a number format of spreadsheets, such as \"0.000\" or \"dd.mm.yyyy\", in place of that of the type"`
	Width    int    `lua:"width" doc:"in characters; default by what stands in it"`
}

func workbookFunction() Function {
	return Function{
		Name: "workbook", Params: []Param{{"description", "workbook.options", "name and sheets"}}, Options: workbookOptions{}, Returns: "part",
		Doc: "A workbook to attach: sheets of typed columns under a bold header that stays in place, written one row at a time. " +
			"A sheet has a name, rows (a source, a list of rows, or a function that returns one each time; a row is a table with names, or a list in the order of columns) and columns, without which they are those of the source, or of the first row by name. " +
			"A column is a name, or { name = \"amount\", title = \"Amount\", type = \"money\", currency = \"€\", format = \"0.00\", width = 12 }; the types are any, text, number, integer, money, percent, date, time and bool, and money, number and the like read what a database has as text. " +
			"A text is a text, whatever it looks like; what a spreadsheet would cut or round is a fault that says where.",
		Example: "local db = sql.open(\"sqlite:people.db\")\nlocal book = xlsx.workbook { name = \"people.xlsx\", sheets = {\n" +
			"  { name = \"People\", rows = db:rows(\"SELECT name, city, born FROM people\"), columns = { \"name\", \"city\", { name = \"born\", title = \"Date of birth\", type = \"date\" } } },\n" +
			"  { name = \"Totals\", rows = { { \"people\", 2 }, { \"cities\", 1 } }, columns = { \"what\", { name = \"n\", title = \"How many\", type = \"integer\" } } },\n} }",
		Call: writeWorkbook,
	}
}

func writeWorkbook(c *Call) []lua.LValue {
	var o workbookOptions
	c.Options(0, &o)
	c.refuseSecretsIn(o)
	if !strings.HasSuffix(strings.ToLower(o.Name), ".xlsx") {
		c.Usage(`write name = "sales.xlsx"`, `option "name" must end in .xlsx, got %q`, o.Name)
	}
	list, ok := o.Sheets.(*lua.LTable)
	if !ok {
		c.Usage(`write sheets = { { name = "Sales", rows = … } }`, `option "sheets" must be a list of sheets, got %s`, engine.TypeName(orNilValue(o.Sheets)))
	}
	defer c.calling()()
	var sheets []workbook.Sheet
	var opened []*records
	defer func() {
		for _, r := range opened {
			r.close()
		}
	}()
	for i, item := range listItems(list) {
		t, ok := item.(*lua.LTable)
		if !ok {
			c.Usage(`write sheets = { { name = "Sales", rows = … } }`, `option "sheets": element %d must be a table, got %s`, i+1, engine.TypeName(item))
		}
		var one sheetFields
		c.decode(fmt.Sprintf("%s: sheets[%d]", c.function.full, i+1), t, &one)
		c.refuseSecretsIn(one)
		sheet, rows := c.sheet(i, one)
		sheets, opened = append(sheets, sheet), append(opened, rows)
	}
	var file bytes.Buffer
	if err := workbook.Write(c.Context(), &file, sheets, workbook.Options{Author: o.Author, Title: o.Title}); err != nil {
		c.recordError(err)
	}
	return c.part(mime.Bytes(file.Bytes(), mime.PartOptions{Name: o.Name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}))
}

func orNilValue(v luaValue) lua.LValue {
	if v == nil {
		return lua.LNil
	}
	return v
}

// sheet reads a description. Where columns are not given they follow from the rows, which are
// opened for that now.
func (c *Call) sheet(i int, o sheetFields) (workbook.Sheet, *records) {
	sheet := workbook.Sheet{Name: o.Name}
	var names []string
	if o.Columns != nil {
		list, ok := o.Columns.(*lua.LTable)
		if !ok {
			c.Usage("", `sheets[%d]: option "columns" must be a list, got %s`, i+1, engine.TypeName(o.Columns))
		}
		for j, item := range listItems(list) {
			var column columnFields
			switch v := item.(type) {
			case lua.LString:
				column.Name = string(v)
			case *lua.LTable:
				c.decode(fmt.Sprintf("%s: sheets[%d].columns[%d]", c.function.full, i+1, j+1), v, &column)
				c.refuseSecretsIn(column)
			default:
				c.Usage("", "sheets[%d].columns[%d] must be a name or a table, got %s", i+1, j+1, engine.TypeName(item))
			}
			if column.Name == "" {
				c.Usage("", "sheets[%d].columns[%d] has no name", i+1, j+1)
			}
			if column.Title == "" {
				column.Title = column.Name
			}
			names = append(names, column.Name)
			sheet.Columns = append(sheet.Columns, workbook.Column{
				Title: column.Title, Type: workbook.Type(column.Type), Currency: column.Currency, Format: column.Format, Width: float64(column.Width),
			})
		}
	}
	records, err := c.records(orNilValue(o.Rows), names)
	if err != nil {
		c.recordError(fmt.Errorf("sheet %q: %w", o.Name, err))
	}
	if len(names) == 0 {
		for _, name := range records.names {
			sheet.Columns = append(sheet.Columns, workbook.Column{Title: name})
		}
	}
	sheet.Rows = records.cells()
	return sheet, records
}

// cells are the values of each row as workbooks take them.
func (r *records) cells() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for values, err := range r.all() {
			for i, v := range values {
				if day, ok := v.(rows.Date); ok {
					values[i] = day.Time(time.UTC)
				}
			}
			if !yield(values, err) {
				return
			}
		}
	}
}
