package client

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

// Report is what a client prints.
type Report struct {
	// What names the way that was measured, where a client has several.
	What     string  `json:"what,omitempty"`
	Messages int     `json:"messages"`
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu"` // seconds, user and system
	System   float64 `json:"system"`
	MaxRSS   int64   `json:"max_rss"` // as getrusage has it: KiB on Linux, octets on macOS
}

// Write writes the report as JSON.
func (r Report) Write(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// Send sends n messages over one connection that it opens and closes.
type Send func(job Job, n int) error

// Run does a job: each connection sends its share.
func Run(job Job, send Send) (Report, error) {
	if err := job.check(); err != nil {
		return Report{}, err
	}
	if job.profile != "" {
		file, err := os.Create(job.profile)
		if err != nil {
			return Report{}, err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return Report{}, err
		}
		defer func() {
			pprof.StopCPUProfile()
			file.Close()
		}()
	}
	return Measure(job.Messages, func() error {
		faults := make([]error, job.Connections)
		var connections sync.WaitGroup
		for i := range faults {
			share := job.Messages / job.Connections
			if i < job.Messages%job.Connections {
				share++
			}
			connections.Go(func() { faults[i] = send(job, share) })
		}
		connections.Wait()
		return errors.Join(faults...)
	})
}

// Measure reports what a piece of work cost.
func Measure(messages int, work func() error) (Report, error) {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return Report{}, err
	}
	start := time.Now()
	if err := work(); err != nil {
		return Report{}, err
	}
	elapsed := time.Since(start)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return Report{}, err
	}
	user := time.Duration(after.Utime.Nano() - before.Utime.Nano())
	system := time.Duration(after.Stime.Nano() - before.Stime.Nano())
	return Report{
		Messages: messages,
		Seconds:  elapsed.Seconds(),
		CPU:      (user + system).Seconds(),
		System:   system.Seconds(),
		MaxRSS:   after.Maxrss,
	}, nil
}
