package luaapi

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// databaseOptions are the options of sql.open.
type databaseOptions struct {
	URL         string      `lua:"url" doc:"\"sqlite:people.db\", \"postgres://user@host/name\" or \"mysql://user@host/name\"; required"`
	Password    smtp.Secret `lua:"password" doc:"never shown; better than one in the URL"`
	Connections int         `lua:"connections" doc:"at once, default 4; one is busy as long as rows are read from it"`
}

func sqlModule() *Module {
	return &Module{
		Name: "sql",
		Doc:  "Databases: SQLite, PostgreSQL, MySQL. Values go in as parameters, never into the text of a query.",
		Functions: []Function{{
			Name: "open", Params: []Param{{"database", "string|database.options", "the name of a [database.NAME] of mailscript.toml, a URL, or options"}}, Options: databaseOptions{}, Returns: "database",
			Doc: "A database. It is closed at the end of the run.", Example: `local db = sql.open("sqlite:people.db")`,
			Call: func(c *Call) []lua.LValue { return values(c.object("database", c.openDatabase())) },
		}},
		Classes: []*Class{databaseClass(), transactionClass()},
	}
}

// querier is a database, or a transaction in one.
type querier interface {
	Exec(ctx context.Context, statement string, params ...any) (int64, error)
	Rows(query string, params ...any) rows.Source
}

// database is a connection to one, as scripts hold it.
type database struct {
	*rows.Database
}

// transaction is what belongs together; it is over when its function has returned.
type transaction struct {
	*rows.Transaction
	over bool
}

func (c *Call) openDatabase() *database {
	var o databaseOptions
	options := rows.DatabaseOptions{Folder: c.options.Root}
	switch v := c.Arg(0).(type) {
	case *lua.LTable:
		c.Options(0, &o)
		if o.URL == "" {
			c.Usage("", `option "url" is missing`)
		}
	case lua.LString:
		o.URL = string(v)
		if !strings.Contains(o.URL, ":") {
			o, options.Name = c.configuredDatabase(o.URL), o.URL
		}
	}
	options.Connections = o.Connections
	if !o.Password.IsZero() {
		var text strings.Builder
		if err := o.Password.SaveTo(&text); err != nil {
			c.Fail(err)
		}
		options.Password = text.String()
	}
	db, err := rows.OpenDatabase(c.Context(), o.URL, options)
	if err != nil {
		c.Fail(err)
	}
	c.rt.Defer(func(context.Context) error { return db.Close() })
	return &database{db}
}

// configuredDatabase is one of mailscript.toml. Its password is read in rehearsals too:
// the rows of a rehearsal are the real ones.
func (c *Call) configuredDatabase(name string) databaseOptions {
	var names []string
	if c.options.Config != nil {
		if known, ok := c.options.Config.Databases[name]; ok {
			o := databaseOptions{URL: known.URL, Connections: known.Connections}
			if !known.Password.IsZero() {
				password, err := c.readSecret("database."+name, known.Password)
				if err != nil {
					c.Fail(err)
				}
				o.Password = password
			}
			return o
		}
		names = sortedKeys(c.options.Config.Databases)
	}
	f := &engine.Fault{
		Kind: engine.KindConfig, Message: fmt.Sprintf("%s: there is no database %q", c.function.full, name),
		Hint: "write [database." + name + "] in mailscript.toml, or give a URL such as sqlite:people.db",
	}
	if near, ok := engine.Closest(name, names); ok {
		f.Message += fmt.Sprintf(" (did you mean %q?)", near)
	}
	c.rt.Raise(c.L, f)
	return databaseOptions{}
}

func databaseClass() *Class {
	of := func(c *Call) *database { return c.Self.(*database) }
	methods := queryFunctions(func(c *Call) querier { return of(c).Database })
	return &Class{
		Name: "database",
		Doc:  "A database. Queries have their parameters as ? in SQLite and MySQL, as $1, $2 in PostgreSQL.",
		Methods: append(methods, Function{
			Name: "transaction", Params: []Param{{"f", "fun(tx: transaction): any", "called with what queries go through; its results are returned"}}, Returns: "any",
			Doc:     "All of what f does, or nothing of it: an error of f takes it back and is raised.",
			Example: "db:transaction(function(tx)\n  tx:exec(\"UPDATE people SET city = ? WHERE name = ?\", { \"Rome\", \"Bob\" })\nend)",
			Call: func(c *Call) []lua.LValue {
				var results []lua.LValue
				var raised error
				err := of(c).Transaction(c.Context(), func(tx *rows.Transaction) error {
					t := &transaction{Transaction: tx}
					defer func() { t.over = true }()
					results, raised = c.rt.Call(c.L, c.Arg(0), lua.MultRet, c.object("transaction", t))
					return raised
				})
				if raised != nil {
					c.rt.Rethrow(c.L, raised)
				}
				if err != nil {
					c.Fail(err)
				}
				return results
			},
		}),
		Fields: []Field{{"name", "string", "what errors call it", func(c *Call) lua.LValue { return lua.LString(of(c).Name()) }}},
		Text:   func(self any) string { return self.(*database).Name() },
	}
}

func transactionClass() *Class {
	return &Class{
		Name: "transaction",
		Doc:  "What belongs together, while the function of db:transaction runs.",
		Methods: queryFunctions(func(c *Call) querier {
			t := c.Self.(*transaction)
			if t.over {
				c.Usage("use it inside the function only", "the transaction is over")
			}
			return t.Transaction
		}),
		Text: func(any) string { return "transaction" },
	}
}

// queryFunctions are the methods of databases and transactions.
func queryFunctions(of func(*Call) querier) []Function {
	params := []Param{{"query", "string", "SQL"}, {"params?", "table", "a list of the values in its places"}}
	return []Function{
		{
			Name: "rows", Params: params, Returns: "source", Doc: "The rows of a query, for a loop or a merge. It is asked again for each reading.",
			Example: `for row in db:rows("SELECT email, name FROM people WHERE city = ?", { "Paris" }) do print(row.email) end`,
			Call: func(c *Call) []lua.LValue {
				return values(c.sourceObject(of(c).Rows(c.String(0), c.queryParams()...)))
			},
		},
		{
			Name: "all", Params: params, Returns: "row[]", Doc: "All rows of a query, in a list.", Example: `print(#db:all("SELECT * FROM people"))`,
			Call: func(c *Call) []lua.LValue {
				list := c.rt.State().NewTable()
				c.eachRow(&source{Source: of(c).Rows(c.String(0), c.queryParams()...)}, func(row *rows.Row) { list.Append(c.object("row", row)) })
				return values(list)
			},
		},
		{
			Name: "one", Params: params, Returns: "row?", Doc: "The first row of a query, nil where there is none.", Example: `print(db:one("SELECT * FROM people ORDER BY email").name)`,
			Call: func(c *Call) []lua.LValue {
				row := c.firstRow(of(c))
				if row == nil {
					return values(lua.LNil)
				}
				return values(c.object("row", row))
			},
		},
		{
			Name: "value", Params: params, Returns: "any", Doc: "The first value of the first row of a query, nil where there is none.", Example: `print(db:value("SELECT count(*) FROM people"))`,
			Call: func(c *Call) []lua.LValue {
				row := c.firstRow(of(c))
				if row == nil {
					return values(lua.LNil)
				}
				value, err := row.At(0)
				if err != nil {
					c.Fail(err)
				}
				return values(c.toLua(value))
			},
		},
		{
			Name: "exec", Params: params, Returns: "integer", Doc: "Run a statement; returns how many rows it changed. With mailscript check, too: a script that changes data does so.",
			Example: `db:exec("INSERT INTO people (email, name) VALUES (?, ?)", { "carl@example.org", "Carl" })`,
			Call: func(c *Call) []lua.LValue {
				n, err := of(c).Exec(c.Context(), c.String(0), c.queryParams()...)
				if err != nil {
					c.Fail(err)
				}
				return values(lua.LNumber(n))
			},
		},
	}
}

func (c *Call) firstRow(q querier) *rows.Row {
	reader, err := q.Rows(c.String(0), c.queryParams()...).Open(c.Context())
	if err != nil {
		c.Fail(err)
	}
	defer reader.Close()
	row, err := reader.Next()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		c.Fail(err)
	}
	return row
}

// queryParams are the values of a list; nil in it is NULL.
func (c *Call) queryParams() []any {
	t, ok := c.Arg(1).(*lua.LTable)
	if !ok {
		return nil
	}
	params := make([]any, t.MaxN())
	t.ForEach(func(key, v lua.LValue) {
		i, ok := key.(lua.LNumber)
		if !ok || i < 1 || int(i) > len(params) {
			c.Usage(`write { "Paris", 3 }`, "parameters are a list, in the order of their places in the query")
		}
		value, err := c.toGo(v, func(v *lua.LUserData) (any, bool) {
			switch held := v.Value.(type) {
			case null:
				return nil, true
			case civil.Time:
				if held.IsDate() {
					f := held.Fields()
					return rows.Date{Year: f.Year, Month: time.Month(f.Month), Day: f.Day}, true
				}
				return held.Instant(), true
			}
			return nil, false
		})
		if err == nil {
			switch value.(type) {
			case []any, map[string]any:
				err = fmt.Errorf("a table is no value of a database")
			}
		}
		if err != nil {
			c.Usage("", "parameter %d: %v", int(i), err)
		}
		params[int(i)-1] = value
	})
	return slices.Clip(params)
}
