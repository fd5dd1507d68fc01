package luaapi

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/engine"
)

// logged runs Lua that logs.
func logged(t *testing.T, log *slog.Logger, source string) error {
	t.Helper()
	api := New(Options{Root: t.TempDir(), Log: log})
	rt := engine.New(engine.Options{Modules: api.Modules()})
	defer rt.Close(t.Context())
	script, err := engine.LoadSource("test.lua", `local log, secret, time, json, smtp = require "log", require "secret", require "time", require "json", require "smtp"`+"\n"+source)
	if err != nil {
		t.Fatal(err)
	}
	return rt.Run(t.Context(), script)
}

func TestLog(t *testing.T) {
	t.Setenv("CANARY", canary)
	for _, test := range []struct{ source, want string }{
		{`log.info("hello")`, "info: hello\n"},
		{`log.warn("hello", { b = 1, a = "x", c = 1.5, d = true, e = json.null })`, "warn: hello a=x b=1 c=1.5 d=true e=nil\n"},
		{`log.error(3) log.debug(true)`, "error: 3\ndebug: true\n"},
		{`log.info("two\nlines", { a = "x y", b = "x=y", ["c d"] = 'say "x"', e = "" })`, `info: "two\nlines" a="x y" b="x=y" "c d"="say \"x\"" e=""` + "\n"},
		{`log.info("\27[2J\226\128\174x", { a = "\255" })`, "info: \"\\x1b[2J\\u202ex\" a=\"\\xff\"\n"},
		{`log.info('C:\\x "y" é')`, "info: C:\\x \"y\" é\n"},
		{`log.info("x", { list = { 1, 2 }, map = { a = "b" }, at = time.new { year = 2026, month = 3, day = 1 }, f = print and 1 })`, `info: x at=2026-03-01 f=1 list=[1,2] map="{\"a\":\"b\"}"` + "\n"},
		{`local _, fault = try(smtp.connect, { host = "h", socket = "s" }) local _, f = try(json.decode, "x") log.error(f, { kind = f.kind, f = f })`, "error: "},
		{`local key = secret.env "CANARY" log.info("Bearer " .. key, { key = key, list = { key } })`, "info: ‹secret› key=‹secret› list=\"[\\\"‹secret›\\\"]\"\n"},
	} {
		var out bytes.Buffer
		err := logged(t, PlainLog(&out, slog.LevelDebug), test.source)
		if strings.Contains(test.source, "smtp.connect") {
			if err == nil {
				t.Error("a mistake was caught by try")
			}
			continue
		}
		if err != nil || out.String() != test.want {
			t.Errorf("%s\n%v\n%q\nwant\n%q", test.source, err, out.String(), test.want)
		}
		wantNoCanary(t, "log", out.String())
	}
	for _, test := range []struct{ source, want string }{
		{`log.info()`, "argument 1 (text) is missing"},
		{`log.info("x", "y")`, "argument 2 (fields) must be table"},
		{`log.info("x", { 1 })`, "fields have names, got a number"},
		{`log.info("x", { job = "other" })`, `field "job" has a name that the log itself uses`},
		{`log.info("x", { level = "other" })`, `field "level" has a name that the log itself uses`},
		{`log.inof("x")`, `module log has no function "inof" (did you mean "info"?)`},
	} {
		if err := logged(t, slog.New(slog.DiscardHandler), test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}

// What a script logs arrives at any handler, with what the logger knows of the job.
func TestLogAsJSON(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil)).With("job", "sales")
	if err := logged(t, log, `log.info("x", { rows = 3, when = { a = { 1 } } }) log.debug("not asked for")`); err != nil {
		t.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if record["msg"] != "x" || record["job"] != "sales" || record["rows"] != 3.0 || record["level"] != "INFO" {
		t.Error(out.String())
	}
}

func TestPlainLog(t *testing.T) {
	var out bytes.Buffer
	log := PlainLog(&out, slog.LevelInfo).With("job", "a b").WithGroup("run")
	log.Info("x", "n", 1, slog.Group("g", "at", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	log.Debug("y")
	if want := "info: x job=\"a b\" run.n=1 run.g.at=2026-03-01T00:00:00Z\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
