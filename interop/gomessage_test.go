//go:build interop

package interop

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/mailscript/mailscript/mime/mimetest"
	"golang.org/x/text/encoding/ianaindex"
)

// readByGoMessage reads a message with emersion/go-message.
func readByGoMessage(raw []byte) (mimetest.Want, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: -1})
	if err != nil {
		return mimetest.Want{}, err
	}
	header := mail.Header{Header: e.Header}
	found := mimetest.Want{Fields: map[string]string{}}
	for _, field := range []struct {
		name string
		to   *[]mimetest.Mailbox
	}{{"From", &found.From}, {"To", &found.To}} {
		list, err := header.AddressList(field.name)
		if err != nil {
			return found, err
		}
		for _, a := range list {
			*field.to = append(*field.to, mimetest.Mailbox{Name: a.Name, Address: quoted(a.Address)})
		}
	}
	if found.Subject, err = header.Text("Subject"); err != nil {
		return found, err
	}
	for f := header.Fields(); f.Next(); {
		if !otherField(f.Key()) {
			continue
		}
		value, err := f.Text()
		if err != nil {
			return found, err
		}
		if _, twice := found.Fields[f.Key()]; twice {
			value = "twice"
		}
		found.Fields[f.Key()] = value
	}
	var s shown
	if found.Root, err = messageEntity(e, &s); err != nil {
		return found, err
	}
	s.mark(&found.Root)
	return found, nil
}

func messageEntity(e *message.Entity, s *shown) (mimetest.Entity, error) {
	kind, parameters, err := e.Header.ContentType()
	if err != nil {
		return mimetest.Entity{}, err
	}
	found := mimetest.Entity{Type: kind, Charset: parameters["charset"]}
	if e.Header.Has("Content-Disposition") {
		if found.Disposition, _, err = e.Header.ContentDisposition(); err != nil {
			return found, err
		}
		attachment := mail.AttachmentHeader{Header: e.Header}
		if found.Name, err = attachment.Filename(); err != nil {
			return found, err
		}
	}
	if r := e.MultipartReader(); r != nil {
		for {
			part, err := r.NextPart()
			if err == io.EOF {
				return found, nil
			}
			if err != nil {
				return found, err
			}
			child, err := messageEntity(part, s)
			if err != nil {
				return found, err
			}
			found.Parts = append(found.Parts, child)
		}
	}
	text, err := io.ReadAll(e.Body)
	if err != nil {
		return found, err
	}
	data := text
	if strings.HasPrefix(kind, "text/") { // it is decoded already, and the octets are gone
		table, err := ianaindex.MIME.Encoding(found.Charset)
		if err != nil {
			return found, err
		}
		if data, err = table.NewEncoder().Bytes(text); err != nil {
			return found, err
		}
	}
	fill(&found, data, text)
	s.add(leaf{kind: kind}, e.Header.Get("Content-Id"), text)
	return found, nil
}
