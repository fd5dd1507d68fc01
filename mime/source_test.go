package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// largeFile writes a file that is too large to be held.
func largeFile(t testing.TB, size int) (string, []byte) {
	t.Helper()
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(data)
	path := filepath.Join(t.TempDir(), "large.bin")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func mustFile(t testing.TB, path string) *Part {
	t.Helper()
	p, err := File(path, PartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLargeFile(t *testing.T) {
	for _, size := range []int{holdUpTo + 1, holdUpTo/sourceBlock*sourceBlock + sourceBlock} {
		path, data := largeFile(t, size)
		part := mustFile(t, path)
		if part.source == nil || part.Size() != int64(size) || part.Type() != "application/octet-stream" {
			t.Fatalf("got %s", part)
		}
		d := simple()
		d.HTML = `<img src="cid:x">`
		d.Inline, d.Attach = []Inline{{"x", part}}, []*Part{part}
		m := mustBuild(t, d)
		if m.Segments() != nil {
			t.Error("a file that is not held has segments")
		}
		raw := m.Bytes()
		if int64(len(raw)) != m.Size() {
			t.Errorf("%d octets, Size is %d", len(raw), m.Size())
		}
		_, root := readMessage(t, raw)
		for _, leaf := range root.leaves()[2:] {
			if leaf.Body != string(data) || leaf.Name != "large.bin" {
				t.Errorf("%q arrives with %d bytes, want %d", leaf.Name, len(leaf.Body), size)
			}
		}
		binary, err := m.For(TransferBinary)
		if err != nil {
			t.Fatal(err)
		}
		read, err := mail.ReadMessage(bytes.NewReader(binary.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if leaves := readBody(t, read.Header.Get, read.Body).leaves(); leaves[3].Body != string(data) {
			t.Errorf("binary: %d bytes", len(leaves[3].Body))
		}
	}
}

// changeWriter changes a file once that much of a message has been written.
type changeWriter struct {
	after  int
	change func()
	n      int
}

func (w *changeWriter) Write(p []byte) (int, error) {
	if w.n += len(p); w.change != nil && w.n > w.after {
		w.change()
		w.change = nil
	}
	return len(p), nil
}

// TestChangedFile changes a file before and while it is sent: an error, before the last
// lines of the message are written.
func TestChangedFile(t *testing.T) {
	path, data := largeFile(t, holdUpTo+100_000)
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	later := time.Now().Add(time.Hour)
	original := mustFile(t, path).source.info.ModTime()
	restore := func() {
		must(os.WriteFile(path, data, 0o600))
		must(os.Chtimes(path, original, original))
	}
	for _, test := range []struct {
		name   string
		change func()
		reason string
	}{
		{"truncated", func() { must(os.Truncate(path, 100)) }, ""},
		{"one byte shorter", func() { must(os.Truncate(path, int64(len(data)-1))) }, ""},
		{"longer", func() { must(os.Truncate(path, int64(len(data)+1))) }, ""},
		{"touched", func() { must(os.Chtimes(path, later, later)) }, "it was written to"},
		{"removed and written", func() {
			must(os.Rename(path, path+".old"))
			restore()
		}, "another file"},
		{"removed", func() { must(os.Remove(path)) }, ""},
	} {
		for _, after := range []int{-1, 1 << 20, holdUpTo} {
			restore()
			d := simple()
			d.Attach = []*Part{mustFile(t, path)}
			m := mustBuild(t, d)
			w := &changeWriter{after: after, change: test.change}
			if after < 0 {
				test.change()
				w.change = nil
			}
			n, err := m.WriteTo(w)
			if strings.HasPrefix(test.name, "removed") && after >= 0 {
				// What is open stays what it was.
				if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s after %d: %v", test.name, after, err)
				}
				continue
			}
			var fault *Error
			if !errors.As(err, &fault) || fault.Value != path || !strings.Contains(fault.Reason, test.reason) {
				t.Errorf("%s after %d: %v", test.name, after, err)
			}
			if test.name != "removed" && !errors.Is(err, ErrChanged) {
				t.Errorf("%s after %d: %v does not wrap ErrChanged", test.name, after, err)
			}
			if n >= m.Size() || n != int64(w.n) || m.Bytes() != nil {
				t.Errorf("%s after %d: %d of %d octets were written", test.name, after, n, m.Size())
			}
		}
	}

	// The time of a file can lie. What was sent once must be sent again.
	restore()
	d := simple()
	d.Attach = []*Part{mustFile(t, path)}
	m := mustBuild(t, d)
	if _, err := m.WriteTo(io.Discard); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(err)
	_, err = f.WriteAt([]byte("changed"), 1<<20)
	must(errors.Join(err, f.Close(), os.Chtimes(path, original, original)))
	if _, err := m.WriteTo(io.Discard); !errors.Is(err, ErrChanged) {
		t.Errorf("other bytes at the second time: %v", err)
	}
}

// hugePart is a file that takes no room: it is a hole.
func hugePart(t testing.TB, size int64) *Part {
	t.Helper()
	path := filepath.Join(t.TempDir(), "huge.bin")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		t.Skip(err)
	}
	return mustFile(t, path)
}

// TestHugeFile sends a large file in constant memory, and knows the size of one of 4 GiB.
func TestHugeFile(t *testing.T) {
	d := simple()
	for _, size := range []int64{4<<30 + 1, 64 << 20} {
		d.Attach = []*Part{hugePart(t, size)}
		m := mustBuild(t, d)
		if want := (size+2)/3*4 + (size+56)/57*2; m.Size() < want || m.Size() > want+2000 {
			t.Errorf("Size is %d", m.Size())
		}
		if size > 1<<30 {
			continue // BenchmarkHugeFile writes that much
		}
		runtime.GC()
		w := &memoryWriter{}
		n, err := m.WriteTo(w)
		if err != nil || n != m.Size() {
			t.Errorf("%d of %d octets: %v", n, m.Size(), err)
		}
		if w.peak == 0 || w.peak > 16<<20 {
			t.Errorf("%d bytes of heap", w.peak)
		}
	}
}

// memoryWriter looks at the heap now and then.
type memoryWriter struct {
	writes int
	peak   uint64
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	if w.writes++; w.writes%64 == 0 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		w.peak = max(w.peak, stats.HeapAlloc)
	}
	return len(p), nil
}

func TestBase64Alphabet(t *testing.T) {
	data := make([]byte, 3<<16)
	for i := range data {
		data[i] = byte(i * i >> (i % 7))
	}
	got := strings.ReplaceAll(string(encodeBase64(data)), "\r\n", "")
	if want := base64.StdEncoding.EncodeToString(data); got != want {
		t.Error("not what the standard library encodes")
	}
	for i := range 1 << 12 {
		want := base64.StdEncoding.EncodeToString([]byte{byte(i >> 4), byte(i << 4), 0})[:2]
		if got := fmt.Sprintf("%c%c", base64Pairs[i]&0xFF, base64Pairs[i]>>8); got != want {
			t.Errorf("%d is %s, want %s", i, got, want)
		}
	}
}
