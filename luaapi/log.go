package luaapi

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

func logModule() *Module {
	write := func(name string, level slog.Level, doc, example string) Function {
		return Function{
			Name: name, Params: []Param{{"text", "any", "what happened; objects as tostring has them, faults among them"}, {"fields?", "table", "values beside it, by name; what is not data is written as tostring has it"}},
			Doc: doc, Example: example,
			Call: func(c *Call) []lua.LValue {
				text := c.L.ToStringMeta(c.Arg(0)).String()
				c.logger().LogAttrs(c.Context(), level, text, c.logFields()...)
				return nil
			},
		}
	}
	return &Module{
		Name: "log",
		Doc:  "Lines for whoever looks after the script: on standard error, or in the log of the scheduler with the job and the run. A secret is written as ‹secret›.",
		Functions: []Function{
			write("debug", slog.LevelDebug, "What helps to find a mistake; left out where nobody asked for it.", `log.debug("asked", { rows = 3 })`),
			write("info", slog.LevelInfo, "What happened.", `log.info("report built", { week = "2026-W37", rows = 120 })`),
			write("warn", slog.LevelWarn, "What somebody should look at.", `log.warn("no data for a region", { region = "North" })`),
			write("error", slog.LevelError, "What went wrong though the script goes on. It does not end the script and is no failure of the job: error(…) is.", "local response, fault = try(http.get, \"https://api.example.com/rates\")\nif fault then log.error(fault, { kind = fault.kind }) end"),
		},
	}
}

func (a *API) logger() *slog.Logger {
	if a.options.Log == nil {
		a.options.Log = PlainLog(os.Stderr, slog.LevelInfo)
	}
	return a.options.Log
}

// ownLogFields are names that a log gives to what it knows itself; a script must not
// be able to write another job's name into it.
var ownLogFields = []string{slog.TimeKey, slog.LevelKey, slog.MessageKey, slog.SourceKey, "job", "run"}

// logFields are the fields, in the order of their names: a table has none.
func (c *Call) logFields() []slog.Attr {
	t, ok := c.Arg(1).(*lua.LTable)
	if !ok {
		return nil
	}
	var attrs []slog.Attr
	t.ForEach(func(key, v lua.LValue) {
		name, ok := key.(lua.LString)
		switch {
		case !ok || name == "":
			c.Usage(`write { rows = 3 }`, "fields have names, got a %s", engine.TypeName(key))
		case slices.Contains(ownLogFields, string(name)):
			c.Usage("", "field %q has a name that the log itself uses", string(name))
		}
		attrs = append(attrs, slog.Any(string(name), c.logValue(v)))
	})
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return attrs
}

// logValue is data where v is some, and else its text: a log must take everything.
func (c *Call) logValue(v lua.LValue) any {
	value, err := c.toGo(v, func(v *lua.LUserData) (any, bool) {
		switch held := v.Value.(type) {
		case null:
			return nil, true
		case civil.Time:
			return held.String(), true
		case *rows.Row:
			fields, err := held.Map()
			return fields, err == nil
		case *smtp.Secret:
			return held.String(), true
		}
		return c.L.ToStringMeta(v).String(), true
	})
	if err != nil {
		return c.L.ToStringMeta(v).String()
	}
	return value
}

// PlainLog writes a line of plain text for each record: the level, the text and
// the fields. What could be taken for the end of a line or for another field, or
// moves the cursor of a terminal, is quoted.
func PlainLog(w io.Writer, least slog.Level) *slog.Logger {
	return slog.New(&plainHandler{out: &plainOutput{w: w}, least: least})
}

type plainOutput struct {
	mu sync.Mutex
	w  io.Writer
}

type plainHandler struct {
	out   *plainOutput
	least slog.Level
	group string // "run." in front of names
	with  string // fields of the logger, written
}

func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	line.WriteString(strings.ToLower(r.Level.String()) + ": " + plainText(r.Message, "") + h.with)
	r.Attrs(func(a slog.Attr) bool {
		line.WriteString(plainField(h.group, a))
		return true
	})
	line.WriteByte('\n')
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.w, line.String())
	return err
}

func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	for _, a := range attrs {
		more.with += plainField(h.group, a)
	}
	return &more
}

func (h *plainHandler) WithGroup(name string) slog.Handler {
	more := *h
	more.group += name + "."
	return &more
}

func plainField(group string, a slog.Attr) string {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		var fields strings.Builder
		for _, inner := range value.Group() {
			fields.WriteString(plainField(group+a.Key+".", inner))
		}
		return fields.String()
	}
	return " " + plainText(group+a.Key, ` ="`) + "=" + plainText(plainValue(value), ` ="`)
}

func plainValue(value slog.Value) string {
	switch v := value.Any().(type) {
	case nil:
		return "nil"
	case []any, map[string]any:
		if text, err := encodeJSON(v, false); err == nil {
			return text
		}
	case float64:
		return lua.LNumber(v).String()
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return value.String()
}

// plainText is a text as it is, or in quotes where it holds one of some characters
// or what cannot be printed.
func plainText(text, special string) string {
	quoted := strconv.Quote(text)
	if text == "" && special != "" || strings.ContainsAny(text, special) || strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`) != text {
		return quoted
	}
	return text
}
