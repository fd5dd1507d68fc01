package luaapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	lua "github.com/yuin/gopher-lua"
)

// writtenOptions are the options of csv.write.
type writtenOptions struct {
	Columns   []string `lua:"columns" doc:"the names of what is written, in this order; default all of a source, or those of the first row, sorted"`
	Delimiter string   `lua:"delimiter" doc:"what stands between cells: one character, default a comma"`
	Header    luaValue `lua:"header" type:"boolean" doc:"false leaves the row of names out"`
	Excel     bool     `lua:"excel" doc:"for people who open it with Excel: a mark that it is UTF-8, and an apostrophe in front of texts that Excel would take for formulas, which may do harm where strangers wrote them"`
}

// encodedOptions are the options of csv.encode.
type encodedOptions struct {
	Name string `lua:"name" doc:"of the part, default data.csv"`
	writtenOptions
}

const rowsType = "source|table|(fun(): table|row|nil)"

func csvWriters() []Function {
	params := []Param{{"rows", rowsType, "a source, a list of rows, or a function that returns one each time and nil behind the last; a row is a table with names, or a list in the order of columns"}}
	return []Function{
		{
			Name: "write", Params: append([]Param{{"path", "string", "a file inside the project folder"}}, append(params, Param{"opts?", "written.options", ""})...), Options: writtenOptions{}, Returns: "integer",
			Doc: "Write rows to a file, one at a time, and return how many there were. The file is there when all of it is; after an error an older one stays as it was. " +
				"Numbers have a decimal point, dates and times are those of ISO 8601, nil is an empty cell.",
			Example: "csv.write(\"paris.csv\", csv.rows(\"people.csv\"):where(function(row) return row.city == \"Paris\" end), { columns = { \"name\", \"email\" } })",
			Call: func(c *Call) []lua.LValue {
				var o writtenOptions
				c.Options(2, &o)
				path := c.writtenPath(0)
				w := c.csvWriter(c.Arg(1), o)
				if err := writeWhole(path, w); err != nil {
					c.recordError(err)
				}
				return values(lua.LNumber(w.records.row))
			},
		},
		{
			Name: "encode", Params: append(params, Param{"opts?", "encoded.options", ""}), Options: encodedOptions{}, Returns: "part",
			Doc:     "A file of rows to attach, as csv.write writes it.",
			Example: "local part = csv.encode({ { city = \"Paris\", sold = 3 }, { city = \"Rome\", sold = 5 } }, { name = \"sales.csv\", columns = { \"city\", \"sold\" } })",
			Call: func(c *Call) []lua.LValue {
				var o encodedOptions
				c.Options(1, &o)
				if o.Name == "" {
					o.Name = "data.csv"
				}
				var file bytes.Buffer
				if _, err := c.csvWriter(c.Arg(0), o.writtenOptions).WriteTo(&file); err != nil {
					c.recordError(err)
				}
				return c.part(mime.Bytes(file.Bytes(), mime.PartOptions{Name: o.Name, Type: "text/csv", Charset: "utf-8"}))
			},
		},
	}
}

// csvWriter writes records as RFC 4180 has them.
type csvWriter struct {
	*Call
	records   *records
	delimiter string
	header    bool
	excel     bool
}

func (c *Call) csvWriter(v lua.LValue, o writtenOptions) *csvWriter {
	w := &csvWriter{Call: c, delimiter: ",", header: true, excel: o.Excel}
	if o.Delimiter != "" {
		if w.delimiter = o.Delimiter; utf8.RuneCountInString(o.Delimiter) != 1 || strings.ContainsAny(o.Delimiter, "\"\r\n\x00") {
			c.Usage(`"," ";" "|" or a tab, "\t"`, `option "delimiter" must be one character, got %q`, o.Delimiter)
		}
	}
	if o.Header != nil {
		header, ok := o.Header.(lua.LBool)
		if !ok {
			c.Usage("", `option "header" must be true or false, got %s`, engine.TypeName(o.Header))
		}
		w.header = bool(header)
	}
	defer c.calling()()
	var err error
	if w.records, err = c.records(v, o.Columns); err != nil {
		c.recordError(err)
	}
	return w
}

// calling says on whose behalf functions of the script are called, until what it returns is.
func (c *Call) calling() func() {
	before := c.caller
	c.caller = c.L
	return func() { c.caller = before }
}

// WriteTo writes the header and every row.
func (w *csvWriter) WriteTo(to io.Writer) (int64, error) {
	defer w.calling()()
	defer w.records.close()
	buffered := bufio.NewWriter(to)
	if w.excel {
		buffered.WriteString("\ufeff")
	}
	if w.header {
		names := make([]any, len(w.records.names))
		for i, name := range w.records.names {
			names[i] = name
		}
		if err := w.line(buffered, names); err != nil {
			return 0, err
		}
	}
	for values, err := range w.records.all() {
		if err == nil {
			err = w.line(buffered, values)
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, buffered.Flush()
}

// line writes a record (RFC 4180, section 2).
func (w *csvWriter) line(to *bufio.Writer, cells []any) error {
	for i, v := range cells {
		if i > 0 {
			to.WriteString(w.delimiter)
		}
		text, err := csvText(v)
		if err != nil {
			return fmt.Errorf("row %d: column %q: %w", w.records.row, w.records.names[i], err)
		}
		if _, isText := v.(string); isText && w.excel && strings.ContainsAny(text[:min(len(text), 1)], "=+-@\t\r\n|%") {
			text = "'" + text
		}
		if text == "" && len(cells) == 1 || strings.ContainsAny(text, "\"\r\n") || strings.Contains(text, w.delimiter) || strings.TrimSpace(text) != text {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		to.WriteString(text)
	}
	_, err := to.WriteString("\r\n")
	return err
}

func csvText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if strings.ContainsRune(v, 0) {
			return "", fmt.Errorf("the text holds a NUL, which readers of CSV refuse")
		}
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return numberText(v), nil
	case rows.Date:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	return "", fmt.Errorf("a %T is no value of a cell", v)
}
