// Command blaster sends octets recorded beforehand: what no client can beat.
//
//	blaster -address HOST:PORT -mode MODE [-n 1000] [-c 1] [-size 1024] [-tls implicit -roots FILE]
//
// Its modes, and the turns a message takes:
//
//	pp      4  MAIL, RCPT, DATA and the text each wait for their reply
//	pipe    2  MAIL, RCPT and DATA in one write (RFC 2920)
//	pipex   1  the text, and the next message's MAIL, RCPT and DATA, in one write (RFC 2920, section 3.1)
//	bdat1   1  MAIL, RCPT, BDAT and the text in one write (RFC 3030)
//	stream  0  all of it as in bdat1, without waiting; a reader counts replies
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

func main() {
	var job client.Job
	job.Flags(flag.CommandLine)
	mode := flag.String("mode", "stream", "pp, pipe, pipex, bdat1 or stream")
	batch := flag.Int("batch", 256<<10, "stream: octets in one write, rounded to whole messages")
	flag.Parse()
	if err := run(job, *mode, *batch); err != nil {
		fmt.Fprintln(os.Stderr, "blaster:", err)
		os.Exit(1)
	}
}

func run(job client.Job, mode string, batch int) error {
	blast, ok := modes[mode]
	if !ok {
		return fmt.Errorf("unknown mode %q", mode)
	}
	message := record(job.Size, batch)
	report, err := client.Run(job, func(job client.Job, n int) error {
		conn, err := job.Dial()
		if err != nil {
			return err
		}
		defer conn.Close()
		l := &line{conn: conn, replies: bufio.NewReaderSize(conn, 64<<10)}
		l.await(1) // the greeting
		l.write([]byte("EHLO " + client.LocalName + "\r\n"))
		l.await(1)
		blast(l, message, n)
		l.write([]byte("QUIT\r\n"))
		l.await(1)
		return l.err
	})
	if err != nil {
		return err
	}
	report.What = mode
	return report.Write(os.Stdout)
}

// recording is a message as it goes over the wire.
type recording struct {
	mail, rcpt, data []byte
	envelope         []byte // the three
	text             []byte // with its end
	textAndEnvelope  []byte
	whole            []byte // MAIL, RCPT, BDAT and the message
	many             []byte // whole, repeated
	repeated         int
}

func record(size, batch int) recording {
	message := letter.Message(size)
	r := recording{
		mail: []byte("MAIL FROM:<" + letter.From + ">\r\n"),
		rcpt: []byte("RCPT TO:<" + letter.To + ">\r\n"),
		data: []byte("DATA\r\n"),
		text: append(bytes.Clone(message), ".\r\n"...),
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	r.envelope = join(r.mail, r.rcpt, r.data)
	r.textAndEnvelope = join(r.text, r.envelope)
	r.whole = join(r.mail, r.rcpt, fmt.Appendf(nil, "BDAT %d LAST\r\n", len(message)), message)
	r.repeated = max(batch/len(r.whole), 1)
	r.many = bytes.Repeat(r.whole, r.repeated)
	return r
}

// line is a connection; after its first fault nothing happens on it.
type line struct {
	conn    net.Conn
	replies *bufio.Reader
	err     error
}

func (l *line) write(octets []byte) {
	if l.err == nil {
		_, l.err = l.conn.Write(octets)
	}
}

// await reads n replies, none of which may be a refusal.
func (l *line) await(n int) {
	for n > 0 && l.err == nil {
		reply, err := l.replies.ReadSlice('\n')
		switch {
		case err != nil:
			l.err = err
		case len(reply) < 4 || reply[0] != '2' && reply[0] != '3':
			l.err = fmt.Errorf("the server said %q", reply)
		case reply[3] != '-':
			n--
		}
	}
}

var modes = map[string]func(l *line, r recording, n int){
	"pp": func(l *line, r recording, n int) {
		for ; n > 0; n-- {
			for _, part := range [][]byte{r.mail, r.rcpt, r.data, r.text} {
				l.write(part)
				l.await(1)
			}
		}
	},
	"pipe": func(l *line, r recording, n int) {
		for ; n > 0; n-- {
			l.write(r.envelope)
			l.await(3)
			l.write(r.text)
			l.await(1)
		}
	},
	"pipex": func(l *line, r recording, n int) {
		if n == 0 {
			return
		}
		l.write(r.envelope)
		for ; n > 1; n-- {
			l.await(3)
			l.write(r.textAndEnvelope)
			l.await(1)
		}
		l.await(3)
		l.write(r.text)
		l.await(1)
	},
	"bdat1": func(l *line, r recording, n int) {
		for ; n > 0; n-- {
			l.write(r.whole)
			l.await(3)
		}
	},
	"stream": func(l *line, r recording, n int) {
		// The reader has a fault of its own until the writer is done.
		reader := &line{replies: l.replies}
		done := make(chan struct{})
		go func() {
			defer close(done)
			reader.await(3 * n)
			if reader.err != nil {
				l.conn.Close() // or the writer might wait for ever
			}
		}()
		for left := n; left > 0; left -= r.repeated {
			l.write(r.many[:min(left, r.repeated)*len(r.whole)])
		}
		<-done
		if reader.err != nil {
			l.err = reader.err
		}
	},
}
