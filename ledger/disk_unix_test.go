//go:build unix

package ledger

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// disk is one that fails when told to, under SQLite. It stands between SQLite and its own
// access to files, and knows what would be left after a power cut.
type disk struct {
	mu     sync.Mutex
	name   string // of the VFS
	n      int    // how many changes there were
	failAt int    // which one fails
	kind   string // "EIO", "ENOSPC" or "power", after which all fail
	failed string // what failed
	dead   bool
	log    []string
	files  map[string]*diskFile // by path
}

// diskFile is a file as the disk has it, and what was not synced since.
type diskFile struct {
	durable []byte
	exists  bool // after a power cut: was synced once
	pending []diskWrite
}

type diskWrite struct {
	offset   int64
	data     []byte
	truncate bool // to offset
}

func (w diskWrite) apply(b []byte) []byte {
	if w.truncate {
		if int64(len(b)) > w.offset {
			return b[:w.offset]
		}
		return append(b, make([]byte, w.offset-int64(len(b)))...)
	}
	if end := w.offset + int64(len(w.data)); int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[w.offset:], w.data)
	return b
}

// What SQLite calls has no way to carry a Go value along, so tests share these.
var (
	disksMu   sync.Mutex
	disks     = map[string]*disk{}    // by name of the VFS
	diskPaths = map[uintptr]string{}  // of open files
	diskOf    = map[uintptr]*disk{}   // by open file
	originals = map[uintptr]uintptr{} // the methods behind ours
	replaced  = map[uintptr]uintptr{} // and the other way round
)

// newDisk registers one. Its name is Options.vfs.
func newDisk(t testing.TB) *disk {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_initialize(tls)
	realVFS := lib.Xsqlite3_vfs_find(tls, 0)
	if realVFS == 0 {
		t.Fatal("SQLite has no VFS")
	}
	disksMu.Lock()
	defer disksMu.Unlock()
	d := &disk{name: fmt.Sprintf("disk%d", len(disks)), files: map[string]*diskFile{}}
	size := unsafe.Sizeof(lib.Tsqlite3_vfs{})
	p := libc.Xmalloc(tls, libc.Tsize_t(size))
	v := at[lib.Tsqlite3_vfs](p)
	*v = *at[lib.Tsqlite3_vfs](realVFS)
	name, err := libc.CString(d.name)
	if err != nil {
		t.Fatal(err)
	}
	v.FzName = name
	v.FpNext = 0
	v.FxOpen = pointer(diskOpen)
	v.FxDelete = pointer(diskDelete)
	if lib.Xsqlite3_vfs_register(tls, p, 0) != lib.SQLITE_OK {
		t.Fatal("SQLite does not take the VFS")
	}
	disks[d.name] = d
	return d
}

// pointer is a function as SQLite calls it.
func pointer[F any](f F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f}))
}

// at is what an address of SQLite's memory, which is none of Go's, points to.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

func call[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ p uintptr }{p})) }

func diskOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	real := at[lib.Tsqlite3_vfs](lib.Xsqlite3_vfs_find(tls, 0))
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](real.FxOpen)(tls, vfs, name, file, flags, out)
	f := at[lib.Tsqlite3_file](file)
	if rc != lib.SQLITE_OK || f.FpMethods == 0 || name == 0 {
		return rc
	}
	disksMu.Lock()
	defer disksMu.Unlock()
	ours, ok := replaced[f.FpMethods]
	if !ok {
		ours = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
		m := at[lib.Tsqlite3_io_methods](ours)
		*m = *at[lib.Tsqlite3_io_methods](f.FpMethods)
		m.FxWrite, m.FxTruncate, m.FxSync = pointer(diskWriteAt), pointer(diskTruncate), pointer(diskSync)
		replaced[f.FpMethods], originals[ours] = ours, f.FpMethods
	}
	f.FpMethods = ours
	d := disks[libc.GoString(at[lib.Tsqlite3_vfs](vfs).FzName)]
	diskPaths[file], diskOf[file] = libc.GoString(name), d
	d.adopt(diskPaths[file])
	return rc
}

// opened is the disk of an open file, its path and the methods behind ours.
func opened(file uintptr) (*disk, string, *lib.Tsqlite3_io_methods) {
	disksMu.Lock()
	defer disksMu.Unlock()
	methods := at[lib.Tsqlite3_file](file).FpMethods
	return diskOf[file], diskPaths[file], at[lib.Tsqlite3_io_methods](originals[methods])
}

func diskWriteAt(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	d, path, m := opened(file)
	data := append([]byte(nil), unsafe.Slice(at[byte](buffer), n)...)
	if rc := d.change("write", path, func(f *diskFile) { f.pending = append(f.pending, diskWrite{offset: offset, data: data}) }); rc != 0 {
		return rc
	}
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](m.FxWrite)(tls, file, buffer, n, offset)
}

func diskTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	d, path, m := opened(file)
	if rc := d.change("truncate", path, func(f *diskFile) { f.pending = append(f.pending, diskWrite{offset: size, truncate: true}) }); rc != 0 {
		return rc
	}
	return call[func(*libc.TLS, uintptr, int64) int32](m.FxTruncate)(tls, file, size)
}

func diskSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	d, path, m := opened(file)
	rc := d.change("sync", path, func(f *diskFile) {
		for _, w := range f.pending {
			f.durable = w.apply(f.durable)
		}
		f.pending, f.exists = nil, true
	})
	if rc != 0 {
		return rc
	}
	return call[func(*libc.TLS, uintptr, int32) int32](m.FxSync)(tls, file, flags)
}

func diskDelete(tls *libc.TLS, vfs, name uintptr, sync int32) int32 {
	disksMu.Lock()
	d := disks[libc.GoString(at[lib.Tsqlite3_vfs](vfs).FzName)]
	disksMu.Unlock()
	path := libc.GoString(name)
	if rc := d.change("delete", path, func(*diskFile) { delete(d.files, path) }); rc != 0 {
		return rc
	}
	real := at[lib.Tsqlite3_vfs](lib.Xsqlite3_vfs_find(tls, 0))
	return call[func(*libc.TLS, uintptr, uintptr, int32) int32](real.FxDelete)(tls, vfs, name, sync)
}

// adopt takes a file that is there as being on the disk.
func (d *disk) adopt(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[path] != nil {
		return
	}
	f := &diskFile{}
	if text, err := os.ReadFile(path); err == nil {
		// Reading here is safe: who opens a database file and closes it again takes
		// SQLite's locks away, but at this moment it has none.
		f.durable, f.exists = text, true
	}
	d.files[path] = f
}

// change counts a change and says whether it fails, with what.
func (d *disk) change(what, path string, do func(*diskFile)) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	name := what + " " + filepath.Ext(path)
	d.log = append(d.log, name)
	if !d.dead && d.n != d.failAt {
		f := d.files[path]
		if f == nil {
			f = &diskFile{}
			d.files[path] = f
		}
		do(f)
		return 0
	}
	if !d.dead {
		d.failed = name
	}
	d.dead = d.dead || d.kind == "power"
	if d.kind == "ENOSPC" && what == "write" {
		return lib.SQLITE_FULL
	}
	switch what {
	case "write":
		return lib.SQLITE_IOERR_WRITE
	case "sync":
		return lib.SQLITE_IOERR_FSYNC
	case "truncate":
		return lib.SQLITE_IOERR_TRUNCATE
	}
	return lib.SQLITE_IOERR_DELETE
}

// afterPowerCut writes to another project folder what would be found: of what was not
// synced any part, in sectors of 512 octets.
func (d *disk) afterPowerCut(t testing.TB, from, to string, rng *rand.Rand) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	do(t, os.MkdirAll(filepath.Join(to, FolderName), 0o700))
	for path, f := range d.files {
		if !f.exists || !strings.HasPrefix(path, from) {
			continue
		}
		b := append([]byte(nil), f.durable...)
		for _, w := range f.pending {
			if w.truncate {
				if rng.IntN(2) == 0 {
					b = w.apply(b)
				}
				continue
			}
			for len(w.data) > 0 {
				n := min(512-int(w.offset%512), len(w.data))
				if rng.IntN(2) == 0 {
					b = diskWrite{offset: w.offset, data: w.data[:n]}.apply(b)
				}
				w.offset, w.data = w.offset+int64(n), w.data[n:]
			}
		}
		do(t, os.WriteFile(filepath.Join(to, FolderName, filepath.Base(path)), b, 0o600))
	}
	if text, err := os.ReadFile(filepath.Join(from, FolderName, lockName)); err == nil {
		do(t, os.WriteFile(filepath.Join(to, FolderName, lockName), text, 0o600))
	}
}
