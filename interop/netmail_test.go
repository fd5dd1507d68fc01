//go:build interop

package interop

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/mime/mimetest"
	"golang.org/x/text/encoding/ianaindex"
)

// decoder knows the charsets that the standard library leaves to others.
var decoder = mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
	table, err := ianaindex.MIME.Encoding(charset)
	if err != nil {
		return nil, err
	}
	return table.NewDecoder().Reader(input), nil
}}

// readByNetMail reads a message with Go's net/mail and mime/multipart.
func readByNetMail(raw []byte) (mimetest.Want, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return mimetest.Want{}, err
	}
	found := mimetest.Want{Fields: map[string]string{}}
	parser := mail.AddressParser{WordDecoder: &decoder}
	for _, field := range []struct {
		name string
		to   *[]mimetest.Mailbox
	}{{"From", &found.From}, {"To", &found.To}} {
		list, err := parser.ParseList(m.Header.Get(field.name))
		if err != nil {
			return found, err
		}
		for _, a := range list {
			*field.to = append(*field.to, mimetest.Mailbox{Name: a.Name, Address: quoted(a.Address)})
		}
	}
	if found.Subject, err = decoder.DecodeHeader(m.Header.Get("Subject")); err != nil {
		return found, err
	}
	for name, values := range m.Header {
		if !otherField(name) {
			continue
		}
		if found.Fields[name], err = decoder.DecodeHeader(strings.Join(values, " twice ")); err != nil {
			return found, err
		}
	}
	var s shown
	if found.Root, err = netEntity(m.Header.Get, m.Body, &s); err != nil {
		return found, err
	}
	s.mark(&found.Root)
	return found, nil
}

// otherField says that a field is none of those that are compared on their own.
func otherField(name string) bool {
	switch name {
	case "From", "To", "Subject", "Date":
		return false
	}
	return !strings.HasPrefix(name, "Content-")
}

// quoted puts quotes around a local part that needs them; Go takes them off.
func quoted(address string) string {
	at := strings.LastIndexByte(address, '@')
	if strings.Contains(address[:max(at, 0)], " ") {
		return `"` + address[:at] + `"` + address[at:]
	}
	return address
}

func netEntity(get func(string) string, body io.Reader, s *shown) (mimetest.Entity, error) {
	kind, parameters, err := mime.ParseMediaType(get("Content-Type"))
	if err != nil {
		return mimetest.Entity{}, err
	}
	e := mimetest.Entity{Type: kind, Charset: parameters["charset"]}
	if value := get("Content-Disposition"); value != "" {
		if e.Disposition, parameters, err = mime.ParseMediaType(value); err != nil {
			return e, err
		}
		e.Name = parameters["filename"]
	} else if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, parameters["boundary"]); ; {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return e, nil
			}
			if err != nil {
				return e, err
			}
			child, err := netEntity(part.Header.Get, part, s)
			if err != nil {
				return e, err
			}
			e.Parts = append(e.Parts, child)
		}
	}
	l := leaf{kind: kind, charset: e.Charset, encoding: get("Content-Transfer-Encoding")}
	if l.source, err = io.ReadAll(body); err != nil {
		return e, err
	}
	data, err := l.decoded(l.source)
	if err != nil {
		return e, err
	}
	text, err := l.text(data)
	if err != nil {
		return e, err
	}
	fill(&e, data, text)
	s.add(l, get("Content-Id"), text)
	return e, nil
}

// leaf is a part that holds something, as it is in the message.
type leaf struct {
	kind, charset, encoding string
	source                  []byte
}

// decoded takes the transfer encoding off.
func (l leaf) decoded(source []byte) ([]byte, error) {
	switch l.encoding {
	case "quoted-printable":
		return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(source)))
	case "base64":
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(source)))
	}
	return source, nil
}

// text takes the charset off, where there is one.
func (l leaf) text(data []byte) ([]byte, error) {
	if !strings.HasPrefix(l.kind, "text/") {
		return data, nil
	}
	table, err := ianaindex.MIME.Encoding(l.charset)
	if err != nil {
		return nil, err
	}
	return table.NewDecoder().Bytes(data)
}

// leafAt is the part at a place such as root.parts[0].
func leafAt(raw []byte, where string) (leaf, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return leaf{}, err
	}
	var s shown
	root, err := netEntity(m.Header.Get, m.Body, &s)
	if err != nil {
		return leaf{}, err
	}
	at := slices.Index(leafPlaces(root, "root"), where)
	if at < 0 {
		return leaf{}, fmt.Errorf("nothing is at %s", where)
	}
	return s.leaves[at], nil
}

func leafPlaces(e mimetest.Entity, at string) []string {
	if e.Parts == nil {
		return []string{at}
	}
	var all []string
	for i, part := range e.Parts {
		all = append(all, leafPlaces(part, fmt.Sprintf("%s.parts[%d]", at, i))...)
	}
	return all
}
