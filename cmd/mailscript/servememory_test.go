package main

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/daemon"
	"github.com/mailscript/mailscript/engine"
)

// A job that fills the memory is ended and told of; the jobs that run beside it go on, and
// so does serve. It runs by itself: what it measures is the whole process.
func TestServeGreedy(t *testing.T) {
	box := openMailbox(t)
	at := once()
	job := func(name, cron string) string {
		return "[job." + name + "]\nscript = \"" + name + ".lua\"\nseconds = true\ncron = \"" + cron + "\"\n"
	}
	const told = "on_failure = \"" + ops + "\"\n"
	folder := jobProject(t, box, job("greedy", at)+told+job("steady", at)+told+job("waiting", at)+told+job("next", "* * * * * *"),
		"greedy.lua", `local t = {} while true do pcall(function() t[#t + 1] = { #t } end) end`,
		"steady.lua", "local t, ends = {}, os.time() + 6\nfor i = 1, 10000 do t[i] = { i } end\nrepeat for i = 1, 10000 do t[i] = { i } end until os.time() > ends\nprint \"steady to the end\"",
		"waiting.lua", "local t = {}\nfor i = 1, 10000 do t[i] = { i } end\nrequire \"time\".sleep(6)\nprint \"waited to the end\"",
		"next.lua", keyScript)
	p, err := openJobs(folder, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	var log safeBuffer
	s := &jobServer{
		folder: p.folder, log: slog.New(slog.NewJSONHandler(&log, nil)), shared: newShared(),
		service: daemon.NewNotifier(func(string) string { return "" }, 1),
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	s.shared.memory = engine.NewMemory(int64(m.HeapAlloc) + 64<<20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, p, 30*time.Second, nil) }()
	notice := box.await(t, func(e envelope) bool { return e.to == ops })
	if !strings.HasPrefix(notice.header.Get("Subject"), "greedy: failed") || !strings.Contains(notice.text, "script used too much memory") {
		t.Errorf("the notice is %v\n%s", notice.header, notice.text)
	}
	after := time.Now().UTC().Format("2006-01-02T15:04:05")
	box.await(t, func(e envelope) bool { return e.to == boss && e.header.Get("Subject") > after })
	cancel() // and the runs that there are have time to end
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"steady to the end", "waited to the end"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q\n%s", want, log.String())
		}
	}
	for _, e := range box.all() {
		if e.to == ops && !strings.HasPrefix(e.header.Get("Subject"), "greedy") {
			t.Errorf("there is a notice: %s", e.header.Get("Subject"))
		}
	}
}

// safeBuffer is a buffer that several goroutines may write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
