package mimetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mailscript/mailscript/mime"
)

// Case is a message and what a reader must find in it.
type Case struct {
	Name    string
	Message *mime.Message
	Want    Want
}

// Want is what a reader must find, header fields unfolded and decoded.
type Want struct {
	From    []Mailbox         `json:"from"`
	To      []Mailbox         `json:"to"`
	Subject string            `json:"subject"`
	Fields  map[string]string `json:"fields"` // each is there once
	Root    Entity            `json:"root"`
}

// Mailbox is one address of a field, its domain in ASCII.
type Mailbox struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Entity is a part.
type Entity struct {
	Type        string `json:"type"` // without parameters
	Charset     string `json:"charset,omitempty"`
	Name        string `json:"name,omitempty"`
	Disposition string `json:"disposition,omitempty"`
	// ShownBy says that the HTML text refers to the Content-ID of the part.
	ShownBy bool `json:"shown,omitempty"`
	// SHA256 and Size are of the body without its transfer encoding, which arrives
	// exactly. They are missing where the text is one the builder writes, such as a
	// calendar; Size is -1 then.
	SHA256 string `json:"sha256,omitempty"`
	Size   int    `json:"size"`
	// Text is the body of a text part decoded from its charset, with CRLF line ends.
	Text  string   `json:"text,omitempty"`
	Parts []Entity `json:"parts,omitempty"`
}

// body sets what is known of an exact body.
func (e Entity) body(data []byte) Entity {
	sum := sha256.Sum256(data)
	e.SHA256, e.Size = hex.EncodeToString(sum[:]), len(data)
	return e
}

// Write makes n cases from a seed on and writes each as NAME.eml and NAME.json.
func Write(dir string, seed uint64, n int) error {
	for i := range n {
		c, err := New(seed + uint64(i))
		if err != nil {
			return err
		}
		want, err := json.MarshalIndent(c.Want, "", "\t")
		if err != nil {
			return fmt.Errorf("mimetest: case %s: %w", c.Name, err)
		}
		for _, file := range []struct {
			ending string
			data   []byte
		}{{".eml", c.Message.Bytes()}, {".json", want}} {
			if err := os.WriteFile(filepath.Join(dir, c.Name+file.ending), file.data, 0o644); err != nil {
				return fmt.Errorf("mimetest: %w", err)
			}
		}
	}
	return nil
}
