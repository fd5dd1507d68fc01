package server

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

// wire is the connection with its buffers. Replies collect in out and leave when
// the server is about to wait for the client, which is the one flush per batch of
// pipelined commands that RFC 2920, section 3.2 asks for and can never be forgotten.
type wire struct {
	conn  net.Conn // what the dialogue runs on; STARTTLS puts TLS in its place
	clock *clock
	in    *bufio.Reader
	out   *bufio.Writer
}

func newWire(conn net.Conn, clock *clock) *wire {
	w := &wire{conn: conn, clock: clock}
	// The longest line fits into the buffer, and nothing longer is ever collected.
	w.in = bufio.NewReaderSize(wireReader{w}, authLine+4096)
	w.out = bufio.NewWriterSize(wireWriter{w}, 4096)
	return w
}

type wireReader struct{ *wire }

func (w wireReader) Read(p []byte) (int, error) {
	if err := w.out.Flush(); err != nil {
		return 0, err
	}
	return w.conn.Read(p)
}

type wireWriter struct{ *wire }

func (w wireWriter) Write(p []byte) (int, error) {
	w.clock.armWrite()
	return w.conn.Write(p)
}

var (
	errLineTooLong  = errors.New("line too long")
	errLineEnd      = errors.New("line does not end in CRLF")
	errLineControls = errors.New("control character in line")
	errNoise        = errors.New("no end of line")
)

// readLine returns a line without its CRLF, valid until the next read. A line with
// one of the first three errors was read to its end, so that its rest is never
// taken for a command.
func (w *wire) readLine(limit int) ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, w.skipLine(len(line))
	}
	if err != nil {
		return nil, err
	}
	if len(line) > limit {
		return nil, errLineTooLong
	}
	// RFC 5321, section 2.3.8: a line ends in CRLF and neither CR nor LF stands alone.
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, errLineEnd
	}
	line = line[:len(line)-2]
	for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\t') {
		line = line[:len(line)-1] // RFC 5321, section 4.1.1: trailing white space is tolerated
	}
	for _, c := range line {
		if c < ' ' || c == 0x7f {
			return nil, errLineControls
		}
	}
	return line, nil
}

// skipLine reads on to the end of a line that is too long for the buffer.
func (w *wire) skipLine(seen int) error {
	for seen < noiseLimit {
		part, err := w.in.ReadSlice('\n')
		if err == nil {
			return errLineTooLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		seen += len(part)
	}
	return errNoise
}

// clock is the one owner of the connection's deadlines. It holds the connection
// as it was accepted: TLS passes deadlines down, so that STARTTLS changes nothing.
type clock struct {
	conn     net.Conn
	timeouts Timeouts

	mu     sync.Mutex
	urgent bool      // the server is to stop at the next command
	last   time.Time // when even a message must end, once the server is to stop
	inBody bool
}

// arm sets the absolute time of the next wait.
func (c *clock) arm(d time.Duration) { c.set(d, false) }

// armBody is arm for a message, which is not interrupted at once.
func (c *clock) armBody() { c.set(c.timeouts.Body, true) }

func (c *clock) set(d time.Duration, inBody bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inBody = inBody
	deadline := time.Now().Add(d)
	if c.urgent {
		deadline = earlier(deadline, c.cut())
	}
	// An error means a closed connection, which the next read reports.
	_ = c.conn.SetReadDeadline(deadline)
}

func (c *clock) armWrite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	deadline := time.Now().Add(c.timeouts.Write)
	if c.urgent {
		deadline = earlier(deadline, c.last)
	}
	_ = c.conn.SetWriteDeadline(deadline)
}

// stop ends the wait for a command at once, and a message after the grace.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.urgent = true
	c.last = time.Now().Add(c.timeouts.Grace)
	_ = c.conn.SetReadDeadline(c.cut())
	_ = c.conn.SetWriteDeadline(c.last)
}

func (c *clock) cut() time.Time {
	if c.inBody {
		return c.last
	}
	return time.Unix(1, 0)
}

func (c *clock) stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.urgent
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
