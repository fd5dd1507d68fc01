package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Folder is where the pictures of an HTML text are looked for that it shows by the name
// of a file: <img src="bear.png">. Nothing outside it is read, whatever the names say and
// wherever links point. A picture is read and encoded once for all messages, and again
// only when the file has changed.
//
// It is safe for concurrent use, and one is enough for all messages of a program.
type Folder struct {
	path   string
	mu     sync.Mutex
	images map[string]folderImage
}

type folderImage struct {
	part *Part
	size int64
	time time.Time
}

// NewFolder returns the folder of a path. It is opened when it is needed.
func NewFolder(path string) *Folder {
	return &Folder{path: path, images: map[string]folderImage{}}
}

// image returns the picture of a name, which is separated by slashes.
func (d *Folder) image(name string) (*Part, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, errors.New("not inside the folder of pictures")
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	local := filepath.FromSlash(name)
	info, err := root.Stat(local)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > holdUpTo:
		return nil, fmt.Errorf("larger than %d MiB", holdUpTo>>20)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if i, ok := d.images[name]; ok && i.size == info.Size() && i.time.Equal(info.ModTime()) {
		return i.part, nil
	}
	f, err := root.Open(local)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	if _, err := data.ReadFrom(io.LimitReader(f, holdUpTo)); err != nil {
		return nil, err
	}
	part, err := newFilePart("html", data.Bytes(), nil, PartOptions{Name: path.Base(name)})
	if err != nil {
		return nil, err
	}
	d.images[name] = folderImage{part, info.Size(), info.ModTime()}
	return part, nil
}

// localName returns the name of the file that a reference in HTML means, and false for
// one that means something else: an absolute URL, a place in the text, nothing.
func localName(reference string) (string, bool) {
	name, _, _ := strings.Cut(strings.Trim(reference, " \t\r\n\f"), "#")
	name, _, _ = strings.Cut(name, "?")
	if name == "" || strings.HasPrefix(name, "//") {
		return "", false
	}
	if colon := strings.IndexByte(name, ':'); colon >= 0 && !strings.ContainsAny(name[:colon], "/") {
		return "", false // a scheme (RFC 3986, section 4.2)
	}
	decoded, err := url.PathUnescape(name)
	if err != nil {
		return name, true
	}
	return decoded, true
}

// showsPicture reports the places of HTML in which a reference is shown as a picture.
func showsPicture(tag, attribute string) bool {
	switch attribute {
	case "background":
		return true
	case "src":
		return tag == "img" || tag == "input" || tag == "v:fill" || tag == "v:image" || tag == "v:imagedata"
	case "srcset":
		return tag == "img" || tag == "source"
	}
	return false
}

// local gives the file that a reference means a Content-ID, and returns its cid: URL.
// What is found in a style sheet can be something other than a picture, and is left alone.
func (c *cidRewriter) local(reference string, offset int, sheet bool) (string, bool) {
	name, ok := localName(reference)
	if c.image == nil || !ok {
		return "", false
	}
	part, err := c.image(name)
	if err == nil && !strings.HasPrefix(part.Type(), "image/") {
		err = errors.New("not a picture")
	}
	if err != nil {
		if sheet && !errors.Is(err, fs.ErrNotExist) {
			return "", false
		}
		if c.bad == nil {
			c.bad = &cidFault{name: name, offset: offset, err: err}
		}
		return "", false
	}
	id, err := c.place(part)
	if err != nil {
		c.bad = &cidFault{name: name, offset: offset, err: err}
		return "", false
	}
	return "cid:" + escapeID(id), true
}
