package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// columns are those of every row.
var columns = []string{"email", "name", "company", "city", "plan", "token", "month", "agent", "footer", "greeting"}

// rows is the file of them.
func (w work) rows() string { return filepath.Join(w.folder, "rows.csv") }

// writeRows writes n rows. Names are beyond ASCII and companies have an ampersand,
// so that headers have to be encoded and HTML escaped.
func writeRows(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	rows := csv.NewWriter(out)
	_ = rows.Write(columns)
	for i := range n {
		s := strconv.Itoa(i)
		_ = rows.Write([]string{
			"customer" + s + "@example.net", "Zoë Example " + s, "Example & Daughters " + s, "Paris", "gold",
			fmt.Sprintf("%08x", uint32(i)*2654435761), "November", "Bob", "Bank, 1 Street, Paris", "Good morning",
		})
	}
	rows.Flush()
	return errors.Join(rows.Error(), out.Flush(), f.Close())
}

// eachRow reads the rows as a Go program does, into a map for each.
func eachRow(path string, visit func(map[string]any) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	reader := csv.NewReader(f)
	header, err := reader.Read()
	if err != nil {
		return err
	}
	for {
		cells, err := reader.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		row := make(map[string]any, len(header)+1)
		for i, name := range header {
			row[name] = cells[i]
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}
