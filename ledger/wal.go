package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// SQLite ends the recovery of its log at the first frame whose checksum is wrong, silently:
// that is how a transaction ends which a power cut interrupted. A frame damaged in any
// other way, further up, would take all that was committed after it along, and messages
// that were sent would be sent again. The difference can be seen: each commit is on the
// disk before the next one begins, so that of an interrupted transaction there is one end
// at most behind the first bad frame.

const (
	walHeaderSize   = 32
	frameHeaderSize = 24
)

// inspectLog refuses a database whose log is damaged. It is called before SQLite opens it.
func (l *Ledger) inspectLog() error {
	f, err := os.Open(l.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{Path: l.path, Text: "its log cannot be read", Err: err}
	}
	defer f.Close()
	lost, err := lostCommits(f)
	if err != nil {
		return &Error{Path: l.path, Text: "its log cannot be read", Err: err}
	}
	if lost > 1 {
		return l.corrupt(fmt.Sprintf("the log is broken, with %d transactions behind the break", lost))
	}
	return nil
}

// lostCommits counts the transactions that end behind the first bad frame of a log.
func lostCommits(r io.Reader) (int, error) {
	var header [walHeaderSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, endOfLog(err) // shorter than a header: nothing was committed
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(header[:]) {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return 0, nil
	}
	pageSize := binary.BigEndian.Uint32(header[8:])
	if pageSize < 512 || pageSize > 65536 || pageSize&(pageSize-1) != 0 {
		return 0, nil
	}
	sum := checksum{order: order}
	sum.add(header[:24])
	if !sum.is(header[24:]) {
		return 0, nil
	}
	frame := make([]byte, frameHeaderSize+int(pageSize))
	broken, lost := false, 0
	for {
		if _, err := io.ReadFull(r, frame); err != nil {
			return lost, endOfLog(err)
		}
		if [8]byte(frame[8:16]) != [8]byte(header[16:24]) {
			// The salts are those of an earlier round through the file.
			if !broken {
				return 0, nil
			}
			continue
		}
		if !broken {
			sum.add(frame[:8])
			sum.add(frame[frameHeaderSize:])
			broken = !sum.is(frame[16:])
		}
		if broken && binary.BigEndian.Uint32(frame[4:]) != 0 {
			lost++
		}
	}
}

func endOfLog(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum is that of "Checksum Algorithm" in https://sqlite.org/fileformat2.html.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *checksum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == c.s0 && binary.BigEndian.Uint32(b[4:]) == c.s1
}
