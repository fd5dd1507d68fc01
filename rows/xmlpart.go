package rows

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// xmlPart reads a part of a workbook token by token.
type xmlPart struct {
	name    string
	decoder *xml.Decoder
	bounded *boundedReader
	buffer  *bufio.Reader
	file    io.Closer
	depth   int // of elements
}

// maxElements is how many elements may be inside each other. Sheets have ten.
const maxElements = 64

// boundedReader stops a part that is too large, or has a token that is.
type boundedReader struct {
	ctx    context.Context
	source io.Reader
	left   int64 // bytes of the part
	token  int64 // bytes of the token
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.token <= 0 {
		return 0, fmt.Errorf("a text larger than %d MiB", MaxCell>>20)
	}
	if b.left < 0 {
		return 0, fmt.Errorf("larger than it is declared")
	}
	n, err := b.source.Read(p)
	b.left -= int64(n)
	b.token -= int64(n)
	return n, err
}

func newXMLPart(ctx context.Context, name string, file io.ReadCloser, most int64) *xmlPart {
	bounded := &boundedReader{ctx: ctx, source: file, left: most}
	buffer := bufio.NewReaderSize(bounded, 32<<10)
	return &xmlPart{name: name, decoder: xml.NewDecoder(buffer), bounded: bounded, buffer: buffer, file: file}
}

func (p *xmlPart) Close() error { return p.file.Close() }

// token is the next one. Text in it holds until the next call. At the end of the part
// it is io.EOF.
func (p *xmlPart) token() (xml.Token, error) {
	p.bounded.token = MaxCell + int64(p.buffer.Size())
	token, err := p.decoder.Token()
	switch token.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxElements {
			return nil, fmt.Errorf("more than %d elements inside each other", maxElements)
		}
	case xml.EndElement:
		p.depth--
	}
	return token, err
}

// elements hands out the start of every element.
func (p *xmlPart) elements(each func(xml.StartElement)) error {
	for {
		token, err := p.token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			each(start)
		}
	}
}

// finish reads to the end of the part, where its checksum is compared.
func (p *xmlPart) finish() error {
	p.bounded.token = p.bounded.left + 1
	_, err := io.Copy(io.Discard, p.buffer)
	return err
}

// text is what stands in an element up to its end.
func (p *xmlPart) text(element string) (string, error) {
	return p.gather(element, func(string) bool { return true })
}

// richText is the text of all runs in an element (ECMA-376 part 1, section 18.4), and
// not that of how it is pronounced.
func (p *xmlPart) richText(element string) (string, error) {
	text, err := p.gather(element, func(inside string) bool { return inside == "t" })
	return unescapeXString(text), err
}

// gather puts together the text inside of an element, as far as it stands in elements
// that are wanted.
func (p *xmlPart) gather(element string, wanted func(inside string) bool) (string, error) {
	var b strings.Builder
	first := ""
	inside, skipped := element, 0
	for {
		token, err := p.token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
			if inside == "rPh" {
				skipped++
			}
		case xml.EndElement:
			switch token.Name.Local {
			case "rPh":
				skipped--
			case element:
				if b.Len() > 0 {
					return b.String(), nil
				}
				return first, nil
			}
			inside = ""
		case xml.CharData:
			if skipped > 0 || !wanted(inside) {
				continue
			}
			if b.Len()+len(first)+len(token) > MaxCell {
				return "", fmt.Errorf("a text larger than %d MiB", MaxCell>>20)
			}
			if first == "" && b.Len() == 0 {
				first = string(token)
				continue
			}
			if b.Len() == 0 {
				b.WriteString(first)
			}
			b.Write(token)
		}
	}
}

// attribute is that of an element, whatever its name space.
func attribute(start xml.StartElement, name string) (string, bool) {
	for _, a := range start.Attr {
		if a.Name.Local == name && (a.Name.Space == "" || name == "id") {
			return a.Value, true
		}
	}
	return "", false
}
