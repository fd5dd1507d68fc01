package smtptest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// stream is the connection as the server has it. It records what arrives, and
// writes in the pieces a rule asks for.
type stream struct {
	raw    *tap     // TCP or a pipe
	conn   net.Conn // the outermost
	in     *bufio.Reader
	held   string // to be joined with the next write
	record *Connection
}

// inBuffer takes in one read whatever a client may pipeline, so that over a
// pipe its write does not wait for our replies to be read.
const inBuffer = 64 << 10

func newStream(conn net.Conn, record *Connection) *stream {
	s := &stream{raw: &tap{Conn: conn, record: record}, record: record}
	s.use(s.raw)
	return s
}

// use makes conn the outermost connection.
func (s *stream) use(conn net.Conn) {
	s.conn = conn
	s.in = bufio.NewReaderSize(&above{conn, s.record}, inBuffer)
}

// consumed is how much of what arrived was looked at.
func (s *stream) consumed() int { return len(s.record.Above) - s.in.Buffered() }

// tap records what arrives below TLS, and how it ended.
type tap struct {
	net.Conn
	record *Connection
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.record.Below = append(t.record.Below, p[:n]...)
	switch {
	case err == nil || t.record.Ended != "":
	case errors.Is(err, syscall.ECONNRESET):
		t.record.Ended = ByRST
	case errors.Is(err, io.EOF):
		t.record.Ended = ByFIN
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		t.record.Ended = ByServer
	}
	return n, err
}

// above records what arrives above TLS.
type above struct {
	conn   net.Conn
	record *Connection
}

func (a *above) Read(p []byte) (int, error) {
	n, err := a.conn.Read(p)
	a.record.Above = append(a.record.Above, p[:n]...)
	return n, err
}

// write sends text as act has it cut. An error means that the client has left.
func (s *stream) write(text string, act Act) error {
	text = s.held + text
	s.held = ""
	switch {
	case act.Hold:
		s.held = text
		return nil
	case text == "":
		return nil
	case act.Octets:
		for i := range len(text) {
			if _, err := s.say(text[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	case act.Cut > 0 && act.Cut < len(text):
		if _, err := s.say(text[:act.Cut]); err != nil {
			return err
		}
		text = text[act.Cut:]
	}
	_, err := s.say(text)
	return err
}

// say writes and records it.
func (s *stream) say(text string) (int, error) {
	n, err := io.WriteString(s.conn, text)
	s.record.Said = append(s.record.Said, text[:n]...)
	return n, err
}

// flood writes text until the client hangs up. It reads meanwhile, so that the
// client never waits for us.
func (s *stream) flood(text string) {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		s.drain()
		_ = s.raw.Close() // the client has ended its direction, and us with it
	}()
	for {
		if _, err := io.WriteString(s.conn, text); err != nil {
			break
		}
	}
	<-drained
}

// drain reads on until the client leaves.
func (s *stream) drain() { _, _ = io.Copy(io.Discard, s.in) }

// leave ends the conversation for good.
func (s *stream) leave(how Ending) {
	switch tcp, _ := s.raw.Conn.(*net.TCPConn); {
	case how == Reset && tcp != nil:
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
	case how == Close:
		_ = s.conn.Close()
	default:
		_ = s.raw.Close()
	}
	if s.record.Ended == "" {
		s.record.Ended = ByServer
	}
}

// halfClose ends the server's direction. A pipe knows no such thing and is
// closed whole.
func (s *stream) halfClose() {
	if secure, ok := s.conn.(*tls.Conn); ok {
		_ = secure.CloseWrite() // close_notify: RFC 8446, section 6.1
	}
	if tcp, ok := s.raw.Conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
		return
	}
	_ = s.raw.Close()
}
