package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/smtp/server"
)

// schema is what docs/runs.md uses of JSON Schema.
type schema struct {
	Defs       map[string]*schema `json:"$defs"`
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Const      string             `json:"const"`
	Enum       []string           `json:"enum"`
	AllOf      []*schema          `json:"allOf"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "runs.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```json\n")
	block, _, found := strings.Cut(after, "```")
	var s schema
	if err := json.Unmarshal([]byte(block), &s); err != nil || !found {
		t.Fatalf("the schema cannot be read: %v", err)
	}
	return &s
}

// all are the fields of an object and those that must be there.
func (s *schema) all(root *schema) (properties map[string]*schema, required []string) {
	properties, required = maps.Clone(s.Properties), slices.Clone(s.Required)
	for _, part := range s.AllOf {
		more, must := root.resolve(part).all(root)
		maps.Copy(properties, more)
		required = append(required, must...)
	}
	return properties, required
}

func (s *schema) resolve(part *schema) *schema {
	if name, found := strings.CutPrefix(part.Ref, "#/$defs/"); found {
		return s.Defs[name]
	}
	return part
}

// check says what of a value the schema does not have: fields that it does not name, too.
func (s *schema) check(root *schema, path string, v any) error {
	s = root.resolve(s)
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return fmt.Errorf("%s is an object", path)
		}
		properties, required := s.all(root)
		for _, name := range required {
			if _, there := v[name]; !there {
				return fmt.Errorf("%s.%s is missing", path, name)
			}
		}
		if s.Properties == nil {
			return nil
		}
		for name, value := range v {
			field := properties[name]
			if field == nil {
				return fmt.Errorf("%s.%s is not in the schema", path, name)
			}
			if err := field.check(root, path+"."+name, value); err != nil {
				return err
			}
		}
	case []any:
		if s.Type != "array" {
			return fmt.Errorf("%s is a list", path)
		}
		for _, item := range v {
			if err := s.Items.check(root, path+"[]", item); err != nil {
				return err
			}
		}
	case string:
		if s.Type != "string" && s.Const != v && !slices.Contains(s.Enum, v) {
			return fmt.Errorf("%s is %q", path, v)
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != float64(int64(v))) {
			return fmt.Errorf("%s is %v", path, v)
		}
	default:
		return fmt.Errorf("%s is a %T", path, v)
	}
	return nil
}

// TestSchema compares what the commands write as JSON with docs/runs.md.
func TestSchema(t *testing.T) {
	root := readSchema(t)
	folder := t.TempDir()
	port := serveRuns(t)
	script := fmt.Sprintf(`require("merge").run {
  name = "news", key = "to", retry_for = 1, rows = { { to = "ann@example.org" }, { to = "no@example.org" }, { to = "later@example.org" }, { to = "drop@example.org" } },
  connections = 1, account = { host = "127.0.0.1", port = %d, tls = "off" },
  message = function(row) return { from = "news@bank.example", to = row.to, text = "x" } end,
}`, port)
	if err := os.WriteFile(filepath.Join(folder, "news.lua"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	look := func(kind string, text string) {
		t.Helper()
		decoder := json.NewDecoder(strings.NewReader(text))
		for {
			var v any
			if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, one := range list {
				name := kind
				if name == "" {
					name, _ = one.(map[string]any)["event"].(string)
				}
				if root.Defs[name] == nil {
					t.Errorf("%q is not in the schema", name)
					continue
				}
				seen[name] = true
				if err := root.Defs[name].check(root, name, one); err != nil {
					t.Error(err)
				}
			}
		}
	}
	for _, test := range []struct {
		kind string
		args []string
	}{
		{"", []string{"run", "--json", filepath.Join(folder, "news.lua")}},
		{"run", []string{"runs", "--json", "--project", folder}},
		{"status", []string{"status", "news", "--json", "--project", folder}},
		{"row", []string{"export", "news", "--json", "--columns", "--project", folder}},
		{"row", []string{"audit", "no@example.org", "--json", "--project", folder}},
		{"row", []string{"doubt", "news", "--json", "--project", folder}},
	} {
		var stdout, stderr bytes.Buffer
		Main(context.Background(), test.args, strings.NewReader(""), &stdout, &stderr)
		if stdout.Len() == 0 {
			t.Errorf("%v writes nothing: %s", test.args, &stderr)
		}
		look(test.kind, stdout.String())
	}
	var stdout, stderr bytes.Buffer
	Main(context.Background(), []string{"suppressions", "add", "--reason", "x", "a@b.example", "--project", folder}, nil, &stdout, &stderr)
	stdout.Reset()
	Main(context.Background(), []string{"suppressions", "--json", "--project", folder}, nil, &stdout, &stderr)
	look("suppression", stdout.String())
	// A merge that lasts so long that it tells of its progress takes too long for a test.
	stdout.Reset()
	(&reporter{json: &stdout}).progress("news", delivery.Progress{Total: 3, Left: time.Second, Trouble: errors.New("nobody answers")})
	look("", stdout.String())
	for name := range root.Defs {
		if !seen[name] && !slices.Contains([]string{"counts", "recipient", "problem"}, name) {
			t.Errorf("nothing wrote a %q", name)
		}
	}
}

// serveRuns serves until the test ends, as the scripts' server does.
func serveRuns(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var connections sync.WaitGroup
	r, once := &received{}, &sync.Map{}
	connections.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				_ = server.Serve(ctx, conn, server.Config{Hostname: "mx.example", Handler: &obliging{conn: conn, received: r, once: once}})
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		connections.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port
}
