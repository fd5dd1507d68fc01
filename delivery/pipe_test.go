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
	queue  chan []byte
	mu     sync.Mutex
	closed bool
}

func (c *lateWriter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	c.queue <- bytes.Clone(p)
	return len(p), nil
}

func (c *lateWriter) Read(p []byte) (int, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Read(p)
}

func (c *lateWriter) drain() {
	for p := range c.queue {
		_, _ = c.Conn.Write(p)
	}
	_ = c.Conn.Close()
}

// Close ends the connection once everything was read that was written.
func (c *lateWriter) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.queue)
		go func() { _, _ = io.Copy(io.Discard, c.Conn) }()
	}
	return nil
}
