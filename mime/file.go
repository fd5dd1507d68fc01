package mime

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// sniffLength is how much of a large file its type is detected from, in bytes.
const sniffLength = 512

// File makes a part of a file, to be attached or shown inline. Up to 8 MiB are read now
// and held; a larger file is read each time a message with it is written, in constant
// memory, and must then still be what it is now (ErrChanged). Only regular files are
// taken: a FIFO, a device or a directory is an *Error, a missing file one that wraps
// fs.ErrNotExist.
func File(path string, opts PartOptions) (*Part, error) {
	refuse := func(reason, hint string, err error) (*Part, error) {
		return nil, &Error{Field: "file", Value: path, Offset: -1, Reason: reason, Hint: hint, Err: err}
	}
	// Asked before opening, since opening a FIFO waits for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return refuse(pathReason(err), "", err)
	}
	if !info.Mode().IsRegular() {
		return refuse("not a regular file", "only regular files can be attached", nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return refuse(pathReason(err), "", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return refuse(pathReason(err), "", err)
	}
	if !info.Mode().IsRegular() {
		return refuse("not a regular file", "only regular files can be attached", nil)
	}
	if opts.Name == "" {
		opts.Name = filepath.Base(path)
	}
	if info.Size() > holdUpTo {
		begin := make([]byte, sniffLength)
		n, err := io.ReadFull(f, begin)
		if err != nil {
			return refuse(pathReason(err), "", err)
		}
		return newFilePart("file", begin[:n], newSource(path, info), opts)
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(f, info.Size()+1)); err != nil {
		return refuse(pathReason(err), "", err)
	}
	if int64(data.Len()) != info.Size() {
		return refuse("the file changes while it is read", "", ErrChanged)
	}
	return newFilePart("file", data.Bytes(), nil, opts)
}

// pathReason takes the words of an error of package os without operation and path.
func pathReason(err error) string {
	if pathErr, ok := err.(*os.PathError); ok {
		return strings.ToLower(pathErr.Err.Error())
	}
	return err.Error()
}

// Bytes makes a part of bytes, which arrive exactly as they are. Options.Name is
// required; the bytes are copied.
func Bytes(data []byte, opts PartOptions) (*Part, error) {
	if len(data) > MaxPartSize {
		return nil, &Error{Field: "bytes", Offset: -1, Reason: fmt.Sprintf("larger than %d MiB", MaxPartSize>>20)}
	}
	return newFilePart("bytes", data, nil, opts)
}

// newFilePart makes a part that is presented as a file. It does not keep data. With a
// source, data is its beginning.
func newFilePart(field string, data []byte, from *source, opts PartOptions) (*Part, error) {
	p := &Part{file: true, source: from, depth: 1, count: 1}
	if err := p.describe(opts); err != nil {
		err.Field = field
		return nil, err
	}
	if p.name == "" {
		return nil, &Error{Field: field + ".name", Offset: -1, Reason: "a part made from bytes needs a name",
			Hint: `give one: {name = "report.pdf"}`}
	}
	if p.kind.name == "" {
		p.kind = detectType(p.name, data)
	}
	if p.kind.isMultipart() {
		return nil, &Error{Field: field + ".type", Value: p.kind.name, Offset: -1,
			Reason: "a multipart is no file", Hint: "mime.part takes a list of parts"}
	}
	if from == nil {
		if p.kind.isText() && p.kind.charset == "" && isUTF8Text(data) {
			p.kind.charset = "utf-8"
		}
		p.text = p.kind.isText() && hasOnlyCRLF(data)
	}
	if err := p.checkEnclosed(field, data, opts.Type != ""); err != nil {
		return nil, err
	}
	switch {
	case from != nil:
	case p.kind.isText():
		p.data = bytes.Clone(data)
	default:
		p.keepEncoded(data)
	}
	return p, nil
}
