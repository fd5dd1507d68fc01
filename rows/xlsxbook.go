package rows

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// What a workbook may need. Its parts are compressed, up to a thousand to one.
const (
	maxSheet       = 4 << 30   // bytes of the XML of a sheet, which is not held in memory
	maxSheetRows   = 1_048_576 // those of Excel
	maxSharedXML   = 1 << 30   // bytes of the XML of the texts that cells share
	maxSharedTexts = 128 << 20 // bytes of these texts, which are held in memory
	maxSharedCount = 16 << 20
	maxSmallPart   = 16 << 20 // bytes of every other part
)

// hintedError says what to do.
type hintedError struct{ text, hint string }

func (e *hintedError) Error() string { return e.text }

// workbook is an open workbook: where its sheets are, and what its cells refer to.
type workbook struct {
	ctx       context.Context
	parts     map[string]*zip.File // by their names in lower case (ECMA-376 part 2, section 6.2.2.3)
	sheets    []bookSheet
	epoch1904 bool
	formats   []numberFormat // of styles
	texts     string         // those that cells share, end to end
	ends      []uint32       // where each ends
}

type bookSheet struct {
	name, part string
	hidden     bool
}

// relation is a reference of one part to another (ECMA-376 part 2, section 6.5).
type relation struct{ id, kind, target string }

// openWorkbook reads all of a workbook but its sheets; shared is how many bytes of
// texts its cells may share.
func openWorkbook(ctx context.Context, file io.ReaderAt, size int64, shared int) (*workbook, error) {
	var begin [8]byte
	if n, _ := file.ReadAt(begin[:], 0); n == len(begin) && string(begin[:]) == "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" {
		return nil, &hintedError{"is a workbook with a password, or one of Excel before 2007", "save it as .xlsx without a password"}
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, &hintedError{"is no workbook: " + strings.TrimPrefix(err.Error(), "zip: "), "only .xlsx can be read; text has a source of its own"}
	}
	b := &workbook{ctx: ctx, parts: make(map[string]*zip.File, len(archive.File))}
	for _, part := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(part.Name, "/"))
		if _, twice := b.parts[name]; twice {
			return nil, fmt.Errorf("has two parts with the name %s", excerpt(part.Name))
		}
		b.parts[name] = part
	}
	book := "xl/workbook.xml"
	if relations, err := b.relations(""); err == nil {
		for _, r := range relations {
			if strings.HasSuffix(r.kind, "/officeDocument") {
				book = r.target
			}
		}
	}
	if strings.HasSuffix(book, ".bin") {
		return nil, &hintedError{"is a binary workbook", "save it as .xlsx"}
	}
	relations, err := b.relations(book)
	if err != nil {
		return nil, err
	}
	if err := b.readBook(book, relations); err != nil {
		return nil, err
	}
	for _, r := range relations {
		var err error
		switch {
		case strings.HasSuffix(r.kind, "/styles"):
			err = b.with(r.target, maxSmallPart, func(part *xmlPart) (err error) {
				b.formats, err = readStyles(part)
				return err
			})
		case strings.HasSuffix(r.kind, "/sharedStrings"):
			err = b.with(r.target, maxSharedXML, func(part *xmlPart) error { return b.readShared(part, shared) })
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// open opens a part of at most a number of bytes.
func (b *workbook) open(name string, most int64) (*xmlPart, error) {
	part, ok := b.parts[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("has no part %s, which another refers to", excerpt(name))
	}
	// archive/zip reads no more than is declared.
	if part.UncompressedSize64 > uint64(most) {
		return nil, fmt.Errorf("its part %s has %d bytes, and %d can be read", excerpt(name), part.UncompressedSize64, most)
	}
	opened, err := part.Open()
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", excerpt(name), err)
	}
	return newXMLPart(b.ctx, name, opened, most), nil
}

func (b *workbook) with(name string, most int64, read func(*xmlPart) error) error {
	part, err := b.open(name, most)
	if err != nil {
		return err
	}
	defer part.Close()
	if err := read(part); err != nil {
		return fmt.Errorf("part %s: %w", excerpt(name), err)
	}
	return nil
}

// relations are those of a part, or of the whole for "".
func (b *workbook) relations(of string) ([]relation, error) {
	folder, name := path.Split(of)
	var all []relation
	err := b.with(folder+"_rels/"+name+".rels", maxSmallPart, func(part *xmlPart) error {
		return part.elements(func(start xml.StartElement) {
			if start.Name.Local != "Relationship" {
				return
			}
			var r relation
			r.id, _ = attribute(start, "Id")
			r.kind, _ = attribute(start, "Type")
			r.target, _ = attribute(start, "Target")
			if strings.HasPrefix(r.target, "/") {
				r.target = r.target[1:]
			} else {
				r.target = path.Join(folder, r.target)
			}
			all = append(all, r)
		})
	})
	return all, err
}

// readBook reads the sheets (ECMA-376 part 1, section 18.2).
func (b *workbook) readBook(book string, relations []relation) error {
	return b.with(book, maxSmallPart, func(part *xmlPart) error {
		return part.elements(func(start xml.StartElement) {
			switch start.Name.Local {
			case "workbookPr":
				value, _ := attribute(start, "date1904")
				b.epoch1904 = value == "1" || value == "true" || value == "on"
			case "sheet":
				id, _ := attribute(start, "id")
				for _, r := range relations {
					if r.id == id && strings.HasSuffix(r.kind, "/worksheet") { // others are charts
						name, _ := attribute(start, "name")
						state, _ := attribute(start, "state")
						b.sheets = append(b.sheets, bookSheet{name, r.target, state == "hidden" || state == "veryHidden"})
					}
				}
			}
		})
	})
}

// sheet finds a sheet by its name, or the first that is not hidden.
func (b *workbook) sheet(name string) (bookSheet, error) {
	var names []string
	for _, sheet := range b.sheets {
		if sheet.name == name || name == "" && !sheet.hidden {
			return sheet, nil
		}
		names = append(names, sheet.name)
	}
	if name == "" {
		return bookSheet{}, errors.New("has no sheet that is not hidden")
	}
	return bookSheet{}, &hintedError{fmt.Sprintf("has no sheet %s%s", excerpt(name), didYouMean(name, names)), printable("its sheets are " + strings.Join(names, ", "))}
}

// readShared reads the texts that cells share (section 18.4).
func (b *workbook) readShared(part *xmlPart, most int) error {
	var texts strings.Builder
	for {
		token, err := part.token()
		if err == io.EOF {
			b.texts = texts.String()
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := part.richText("si")
			if err != nil {
				return err
			}
			texts.WriteString(text)
			if texts.Len() > most || len(b.ends) == maxSharedCount {
				return &hintedError{fmt.Sprintf("more than %d MiB or %d of texts", most>>20, maxSharedCount), "save the sheet as CSV, which can be of any size"}
			}
			b.ends = append(b.ends, uint32(texts.Len()))
		}
	}
}

// shared is a copy of the text with a number, so that a row that is kept does not keep
// all others.
func (b *workbook) shared(number string) (string, error) {
	n, err := parseUint(strings.TrimSpace(number))
	if err != nil || n >= int64(len(b.ends)) {
		return "", fmt.Errorf("text number %s, and there are %d", excerpt(number), len(b.ends))
	}
	start := uint32(0)
	if n > 0 {
		start = b.ends[n-1]
	}
	return strings.Clone(b.texts[start:b.ends[n]]), nil
}

// formatOf is what the style with a number shows.
func (b *workbook) formatOf(style string) numberFormat {
	if style == "" {
		style = "0"
	}
	n, err := parseUint(style)
	if err != nil || n >= int64(len(b.formats)) {
		return formatNumber
	}
	return b.formats[n]
}
