package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"

	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/template"
)

// stages are parts of a merge, and what other Go programs have in their place. Each
// does its part for n rows.
var stages = map[string]func(w work, n int) error{
	"rows":          readOurs,
	"encoding/csv":  readStandard,
	"template":      renderOurs,
	"html/template": renderStandard,
}

func readOurs(w work, _ int) error {
	reader, err := rows.CSV(w.rows(), rows.CSVOptions{}).Open(context.Background())
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		if _, err := reader.Next(); err != nil {
			return ignoreEnd(err)
		}
	}
}

// readStandard keeps each row, as ours are kept.
func readStandard(w work, _ int) error {
	f, err := os.Open(w.rows())
	if err != nil {
		return err
	}
	defer f.Close()
	reader := csv.NewReader(f)
	for {
		if _, err := reader.Read(); err != nil {
			return ignoreEnd(err)
		}
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// data is one row of the letter.
func (w work) data() (map[string]any, error) {
	var first map[string]any
	err := eachRow(w.rows(), func(row map[string]any) error {
		first = row
		return io.EOF
	})
	return first, ignoreEnd(err)
}

func renderOurs(w work, n int) error {
	row, err := w.data()
	if err != nil {
		return err
	}
	data := row
	if w.letter.offers {
		list := make([]any, len(offers))
		for i, o := range offers {
			list[i] = map[string]any{"Title": o.Title, "URL": o.URL, "Price": o.Price}
		}
		data = map[string]any{"row": row, "Offers": list}
	}
	text, html := w.letter.ours()
	t, err := template.New(template.Source{Text: text, HTML: html}, template.Options{})
	if err != nil {
		return err
	}
	for range n {
		if _, err := t.Render(context.Background(), data); err != nil {
			return err
		}
	}
	return nil
}

func renderStandard(w work, n int) error {
	data, err := w.data()
	if err != nil {
		return err
	}
	if w.letter.offers {
		data["Offers"] = offers
	}
	text, html, err := w.letter.templates()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for range n {
		b.Reset()
		if err := errors.Join(text.Execute(&b, data), html.Execute(&b, data)); err != nil {
			return err
		}
	}
	return nil
}
