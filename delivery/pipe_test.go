package delivery

import (
	"bytes"
	"io"
	"net"
	"sync"
)

// newPipe is net.Pipe with a server's side whose writes do not wait for the
// client to read, as they would not over TCP.
func newPipe() (client, server net.Conn) {
	client, end := net.Pipe()
	late := &lateWriter{Conn: end, queue: make(chan []byte, 1024)}
	go late.drain()
	return client, late
}

type lateWriter struct {
	net.Conn
	queue chan []byte
	once  sync.Once
}

func (c *lateWriter) Write(p []byte) (int, error) {
	c.queue <- bytes.Clone(p)
	return len(p), nil
}

func (c *lateWriter) drain() {
	for p := range c.queue {
		_, _ = c.Conn.Write(p)
	}
	_ = c.Conn.Close()
}

// Close ends the connection once everything was read that was written.
func (c *lateWriter) Close() error {
	c.once.Do(func() {
		close(c.queue)
		go func() { _, _ = io.Copy(io.Discard, c.Conn) }()
	})
	return nil
}
