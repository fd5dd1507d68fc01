package smtp

import (
	"bytes"
	"testing"
	"unsafe"
)

// Streams of one session gather what they write in the same memory, one after the other,
// and each message arrives as it is.
func TestStreamRoom(t *testing.T) {
	for _, kind := range streamServers() {
		t.Run(kind.name, func(t *testing.T) {
			s, seen := kind.connect(t, kind.server)
			const each, streams = 20, 5
			next := numbered(each * streams)
			var room *byte
			size := 0
			for i := range streams {
				left := each
				st := s.Stream(t.Context(), func() (Mail, error) {
					if left--; left < 0 {
						return numbered(0)()
					}
					return next()
				}, kind.options)
				if s.room != nil {
					t.Fatal("the room of a stream is free while it uses it")
				}
				if i == 3 { // one that is left in its middle
					_, _ = st.Next()
					st.Leave()
				} else if list, err := results(st); err != nil || len(list) != each {
					t.Fatal(len(list), err)
				}
				if st.out.buf != nil {
					t.Error("a stream that is over still has its room")
				}
				if cap(s.room) < size || cap(s.room) == size && unsafe.SliceData(s.room) != room {
					t.Error("the room is another than before")
				}
				room, size = unsafe.SliceData(s.room), cap(s.room)
			}
			if (size == 0) != (kind.transfer == "DATA" && !kind.ahead) {
				t.Errorf("the room has %d octets", size)
			}
			for _, m := range seen().Messages {
				n := 0
				for i := 1; i <= each*streams; i++ {
					if bytes.Equal(m.Text, numberedText(i)) && m.From == numberedMail(i).Envelope.From {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%q from %s is no message that was sent", m.Text, m.From)
				}
			}
		})
	}
}

// Room for a very long envelope is not kept.
func TestStreamRoomBound(t *testing.T) {
	s, seen := streamTo(t, streamServers()[3].server)
	defer seen()
	st := s.Stream(t.Context(), numbered(1), StreamOptions{})
	st.out.buf = make([]byte, 0, 4*blockSize)
	if _, err := results(st); err != nil || s.room != nil {
		t.Error(err, cap(s.room))
	}
}
