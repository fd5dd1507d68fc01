package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mailscript/mailscript/luaapi"
	"golang.org/x/term"
)

// logFormat says how the log of serve looks.
type logFormat string

const (
	logAuto logFormat = "auto" // text on a terminal, JSON elsewhere
	logJSON logFormat = "json"
	logText logFormat = "text"
)

// newLog is a log on a writer: for people on a terminal, a line of JSON for each
// event elsewhere.
func newLog(w io.Writer, format logFormat) *slog.Logger {
	file, ok := w.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	if format == logJSON || format == logAuto && !terminal {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{
		TimeFormat: time.DateTime, NoColor: !terminal || os.Getenv("NO_COLOR") != "",
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.MessageKey {
				a.Value = slog.StringValue(printableLines(a.Value.String())) // it is not quoted, and may be a script's
			}
			return a
		},
	}))
}

const (
	maxLogLine = 4 << 10 // bytes of one line of output; what is longer becomes several
	maxLogTail = 8 << 10 // bytes of output that are kept for the record of a run
)

// jobOutput is what a run prints: it goes to the log a line at a time, and its end
// is kept.
type jobOutput struct {
	mu   sync.Mutex
	log  *slog.Logger
	tail []byte
}

func (o *jobOutput) line(stream string, text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// As a value and not as the message, which handlers do not quote.
	o.log.LogAttrs(context.Background(), slog.LevelInfo, "output", slog.String("stream", stream), slog.String("text", string(text)))
	o.keep(text)
}

// Write is for what went to the log already: its end is kept too.
func (o *jobOutput) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep(bytes.TrimSuffix(line, []byte("\n")))
	return len(line), nil
}

// logger is where the script writes with its module log.
func (o *jobOutput) logger() *slog.Logger {
	return slog.New(slog.NewMultiHandler(o.log.Handler(), luaapi.PlainLog(o, slog.LevelInfo).Handler()))
}

func (o *jobOutput) keep(text []byte) {
	o.tail = append(append(o.tail, text...), '\n')
	if over := len(o.tail) - maxLogTail; over > maxLogTail {
		o.tail = append(o.tail[:0], o.tail[over:]...)
	}
}

// end is the end of the output.
func (o *jobOutput) end() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.tail[max(0, len(o.tail)-maxLogTail):])
}

// lineWriter cuts one stream of a run into lines.
type lineWriter struct {
	output *jobOutput
	stream string

	mu   sync.Mutex
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		switch {
		case end >= 0 && end <= maxLogLine:
			w.output.line(w.stream, bytes.TrimSuffix(w.rest[:end], []byte("\r")))
			w.rest = w.rest[end+1:]
		case len(w.rest) >= maxLogLine:
			w.output.line(w.stream, w.rest[:maxLogLine])
			w.rest = w.rest[maxLogLine:]
		default:
			return len(p), nil
		}
	}
}

// close passes on a last line without an end.
func (w *lineWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.output.line(w.stream, w.rest)
		w.rest = nil
	}
}
