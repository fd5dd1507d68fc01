package template

import (
	"context"
	"testing"
	"testing/fstest"
)

// row is a record whose fields are made when asked for.
type row struct {
	fields map[string]any
}

func (r *row) Field(name string) (any, bool) {
	v, ok := r.fields[name]
	return v, ok
}

// texts is a row that makes its texts apart.
type texts struct{ row }

func (r *texts) Text(name string) (string, bool) {
	s, ok := r.fields[name].(string)
	return s, ok
}

func (r *row) Names() []string {
	var names []string
	for name := range r.fields {
		names = append(names, name)
	}
	return names
}

func folder(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// rendered renders a source that must be right.
func rendered(t *testing.T, s Source, data any) Rendered {
	t.Helper()
	made, err := New(s, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	r, err := made.Render(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failing returns the error that a source of text or its rendering must make.
func failing(t *testing.T, s Source, data any) *Error {
	t.Helper()
	made, err := New(s, testOptions)
	if err == nil {
		_, err = made.Render(context.Background(), data)
	}
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("%+v: got %v, want an *Error", s, err)
	}
	return e
}
