//go:build interop && linux

package interop

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/mime/mimetest"
)

// reader is a program or library that reads messages.
type reader struct {
	name    string
	read    func(raw []byte) (mimetest.Want, error) // in this process
	program []string                                // else one that reads folders
}

func readers() []reader {
	return []reader{
		{name: "Python email", program: []string{"/usr/bin/python3", "testdata/readmany.py"}},
		{name: "Perl MIME-tools", program: []string{"perl", "testdata/readmany.pl"}},
		{name: "Go net/mail", read: readByNetMail},
		{name: "go-message", read: readByGoMessage},
	}
}

// batch is how many messages are in a folder at once.
const batch = 500

// TestReaders lets readers from elsewhere read generated messages, READERS of them or
// 2,000: tree, names, texts and bytes must be those of the description. Where a reader
// is known to be wrong (defects), the difference must be the one that is known.
func TestReaders(t *testing.T) {
	t.Parallel()
	n := 2000
	if text := os.Getenv("READERS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatalf("READERS: %v", err)
		}
	}
	for _, r := range readers() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			explained, unexplained := map[string]int{}, 0
			c := r.start(t)
			for first := 0; first < n; first += batch {
				cases, messages := map[string]mimetest.Case{}, map[string][]byte{}
				for seed := first; seed < min(first+batch, n); seed++ {
					one, err := mimetest.New(uint64(seed))
					if err != nil {
						t.Fatal(err)
					}
					cases[one.Name], messages[one.Name] = one, one.Message.Bytes()
				}
				for name, found := range c.readAll(t, messages) {
					for _, d := range differences(cases[name].Want, found) {
						if what := r.explain(d, messages[name]); what != "" {
							explained[what]++
						} else if unexplained++; unexplained <= 20 {
							t.Errorf("message %s: %s is %.300q, want %.300q", name, d.at, d.got, d.want)
						}
					}
				}
			}
			t.Logf("%d messages, %d unexplained differences, of the known: %v", n, unexplained, explained)
		})
	}
}

// conversation is with a reader that runs.
type conversation struct {
	reader
	out    *bufio.Scanner
	in     *os.File
	folder string
}

// start starts a program, which ends with the test.
func (r reader) start(t *testing.T) *conversation {
	t.Helper()
	c := &conversation{reader: r}
	if r.program == nil {
		return c
	}
	c.folder = t.TempDir()
	command := exec.Command(require(t, r.program[0]), r.program[1:]...)
	in, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdin = in
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	c.in, c.out = write, bufio.NewScanner(out)
	c.out.Buffer(nil, 16<<20)
	t.Cleanup(func() {
		write.Close()
		if err := command.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("%s: %v\n%.2000s", r.name, err, stderr.String())
		}
	})
	return c
}

// readAll returns what the reader finds in messages, by their names.
func (c *conversation) readAll(t *testing.T, messages map[string][]byte) map[string]mimetest.Want {
	t.Helper()
	all := map[string]mimetest.Want{}
	if c.program == nil {
		for name, raw := range messages {
			found, err := c.read(raw)
			if err != nil {
				found.Fields = map[string]string{"fault": err.Error()}
			}
			all[name] = found
		}
		return all
	}
	for name, raw := range messages {
		write(t, filepath.Join(c.folder, name+".eml"), string(raw), 0o600)
	}
	if _, err := fmt.Fprintln(c.in, c.folder); err != nil {
		t.Fatal(err)
	}
	for c.out.Scan() && c.out.Text() != "" {
		name, text, _ := strings.Cut(c.out.Text(), "\t")
		var found mimetest.Want
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatalf("message %s: %v", name, err)
		}
		all[name] = found
		if err := os.Remove(filepath.Join(c.folder, name+".eml")); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != len(messages) {
		t.Fatalf("%s read %d of %d messages: %v", c.name, len(all), len(messages), c.out.Err())
	}
	return all
}

// difference is a place where a reader found something else.
type difference struct {
	at        string // such as root.parts[0].name
	want, got string
}

// differences compares all that the description says.
func differences(want, got mimetest.Want) []difference {
	var all []difference
	add := func(at string, want, got any) {
		if !reflect.DeepEqual(want, got) {
			all = append(all, difference{at, fmt.Sprint(want), fmt.Sprint(got)})
		}
	}
	if fault := got.Fields["fault"]; fault != "" {
		return []difference{{"fault", "", fault}}
	}
	for _, field := range []struct {
		name      string
		want, got []mimetest.Mailbox
	}{{"from", want.From, got.From}, {"to", want.To, got.To}} {
		add(field.name+".length", len(field.want), len(field.got))
		for i := range min(len(field.want), len(field.got)) {
			add(fmt.Sprintf("%s[%d].name", field.name, i), field.want[i].Name, field.got[i].Name)
			add(fmt.Sprintf("%s[%d].address", field.name, i), field.want[i].Address, field.got[i].Address)
		}
	}
	add("subject", want.Subject, got.Subject)
	fields := map[string]string{} // their names in any case
	for name, value := range got.Fields {
		fields[strings.ToLower(name)] = value
	}
	for name, value := range want.Fields {
		add("fields."+name, value, fields[strings.ToLower(name)])
		delete(fields, strings.ToLower(name))
	}
	for name, value := range fields {
		add("fields."+name, "", value)
	}
	var entity func(at string, want, got mimetest.Entity)
	entity = func(at string, want, got mimetest.Entity) {
		add(at+".type", want.Type, got.Type)
		add(at+".charset", want.Charset, got.Charset)
		add(at+".name", want.Name, got.Name)
		add(at+".disposition", want.Disposition, got.Disposition)
		add(at+".shown", want.ShownBy, got.ShownBy)
		if want.Size >= 0 {
			add(at+".size", want.Size, got.Size)
			add(at+".sha256", want.SHA256, got.SHA256)
		}
		if want.Text != "" && strings.HasPrefix(want.Type, "text/") {
			add(at+".text", digest([]byte(want.Text)), got.Text)
		}
		add(at+".length", len(want.Parts), len(got.Parts))
		for i := range min(len(want.Parts), len(got.Parts)) {
			entity(fmt.Sprintf("%s.parts[%d]", at, i), want.Parts[i], got.Parts[i])
		}
	}
	entity("root", want.Root, got.Root)
	return all
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// fill puts what a leaf holds into it; texts are digests, as programs print them.
func fill(e *mimetest.Entity, data, text []byte) {
	e.Size, e.SHA256 = len(data), digest(data)
	if strings.HasPrefix(e.Type, "text/") {
		e.Text = digest(text)
	}
}

// shown finds out which parts the HTML refers to. Leaves are added in order.
type shown struct {
	html   strings.Builder
	ids    []string // one for each leaf
	leaves []leaf
}

func (s *shown) add(l leaf, id string, text []byte) {
	if l.kind == "text/html" {
		s.html.Write(text)
	}
	s.ids, s.leaves = append(s.ids, strings.Trim(id, "<>")), append(s.leaves, l)
}

func (s *shown) mark(root *mimetest.Entity) {
	html := strings.NewReplacer("%5B", "[", "%5D", "]").Replace(s.html.String()) // an id at an address literal
	var mark func(e *mimetest.Entity)
	mark = func(e *mimetest.Entity) {
		if e.Parts != nil {
			for i := range e.Parts {
				mark(&e.Parts[i])
			}
			return
		}
		id := s.ids[0]
		s.ids = s.ids[1:]
		e.ShownBy = id != "" && strings.Contains(html, "cid:"+id)
	}
	mark(root)
}
