package luaapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/template"
)

func rowOf(t *testing.T, number int64) *rows.Row {
	t.Helper()
	row, err := new(rows.Maker).Row(number, []string{"id"}, []any{number})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// filled sets a value, and what is in it, to something that is not its zero.
func filled(t *testing.T, v reflect.Value) {
	t.Helper()
	switch made := v.Addr().Interface().(type) {
	case *time.Time:
		*made = time.Date(2026, 11, 26, 7, 0, 0, 5, time.FixedZone("", 3600))
		return
	case *mime.AddressList:
		*made = mime.AddressList{mime.Address{Name: "Ann", Mailbox: "ann@example.org"}, mime.Group{Name: "Team", Members: []mime.Address{{Mailbox: "bob@example.org"}}}}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text of " + v.Type().Name())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			filled(t, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if v.Type().Elem() == reflect.TypeFor[mime.Envelope]() || v.Type().Elem() == reflect.TypeFor[mime.Address]() {
			filled(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			filled(t, v.Field(i))
		}
	default:
		t.Fatalf("a description has a field of type %s: it must be kept too", v.Type())
	}
}

// again keeps what was said of a row, twice, for what is shared must come twice, and finds it.
func again(t *testing.T, d *described, row *rows.Row) *described {
	t.Helper()
	var a answers
	a.spool.most = mostAnswered
	a.begin(delivery.NeedRecipients)
	job := delivery.Job{Number: 1, Hash: 7, Row: row}
	a.keep(&job, d, nil)
	job.Number = 2
	a.keep(&job, d, nil)
	a.begin(delivery.NeedLetters)
	return a.find(&job)
}

// Whatever a description may have is kept as it is.
func TestAnswersFields(t *testing.T) {
	row := rowOf(t, 2)
	same := func(name string, d *described) {
		t.Helper()
		if got := again(t, d, row); !reflect.DeepEqual(got, d) {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, got, d)
		}
	}
	same("nothing", &described{})
	same("empty lists", &described{description: mime.Description{From: []mime.Address{}, To: mime.AddressList{}, References: []string{}, Attach: []*mime.Part{}, Headers: []mime.Field{}}})
	same("skipped", &described{skip: "no invoice"})
	same("signatures", &described{signing: signing{signNamed, []string{"a", "b"}}})
	for i := range reflect.TypeFor[mime.Description]().NumField() {
		field := reflect.TypeFor[mime.Description]().Field(i)
		if field.Name == "Protect" {
			continue // scripts have no such thing
		}
		d := &described{}
		filled(t, reflect.ValueOf(&d.description).Elem().Field(i))
		same(field.Name, d)
	}
}

// What cannot be kept is asked again.
func TestAnswersRefused(t *testing.T) {
	row := rowOf(t, 2)
	other := &record{row: rowOf(t, 3)}
	letter := new(template.Template)
	for name, d := range map[string]*described{
		"a function":  {description: mime.Description{Protect: func(*mime.Tree) (*mime.Part, error) { return nil, nil }}},
		"another row": {letter: letter, data: data{map[string]any{"customer": other}, []*record{other}}},
		"a type":      {letter: letter, data: data{value: map[string]any{"x": 3}}},
		"long":        {description: mime.Description{Text: strings.Repeat("x", mostRecord)}},
	} {
		if got := again(t, d, row); got != nil {
			t.Errorf("%s was kept: %+v", name, got)
		}
	}
}

func TestAnswersData(t *testing.T) {
	row := rowOf(t, 2)
	r := &record{row: row}
	for _, value := range []any{
		r, map[string]any{}, map[string]any{
			"nil": nil, "no": false, "yes": true, "integer": int64(math.MinInt64), "n": int64(12), "float": -0.25, "infinite": math.Inf(1), "text": "é\x00", "list": []any{}, "row": r,
			"table": map[string]any{"list": []any{"a", int64(1), nil}}, "date": rows.Date{Year: -44, Month: time.March, Day: 15}, "time": time.Unix(-7, 9).In(time.UTC),
		},
	} {
		d := &described{letter: new(template.Template), data: data{value: value}}
		got := again(t, d, row)
		if got == nil || got.letter != d.letter || !reflect.DeepEqual(got.data.value, value) {
			t.Errorf("%+v, want %+v", got, d)
		} else if len(got.data.records) != 1 && fmt.Sprint(value) != "map[]" {
			t.Errorf("records %v", got.data.records)
		}
	}
}

// A file that comes with two rows running is kept for all; one of a single row is not held.
func TestAnswersParts(t *testing.T) {
	var a answers
	a.spool.most = mostAnswered
	a.begin(delivery.NeedRecipients)
	terms := new(mime.Part)
	job := func(n int64) *delivery.Job { return &delivery.Job{Number: n, Hash: uint64(n), Row: rowOf(t, n)} }
	for n := int64(1); n <= 5; n++ {
		d := described{description: mime.Description{Attach: []*mime.Part{terms}}}
		if n == 3 {
			d.description.Attach = append(d.description.Attach, new(mime.Part))
		}
		a.keep(job(n), &d, nil)
	}
	if len(a.shared.values) != 1 {
		t.Errorf("%d files are held", len(a.shared.values))
	}
	a.begin(delivery.NeedLetters)
	for n, kept := range []bool{false, true, false, true, true} {
		if got := a.find(job(int64(n + 1))); (got != nil) != kept || kept && got.description.Attach[0] != terms {
			t.Errorf("row %d: %+v", n+1, got)
		}
	}
	changed := job(2)
	changed.Hash++
	a.begin(delivery.NeedLetters)
	if a.find(changed) != nil {
		t.Error("an answer of another row was found")
	}
}

// Files that some rows have in common, one after the other, are not all held.
func TestAnswersLargeParts(t *testing.T) {
	var a answers
	a.spool.most = mostAnswered
	a.begin(delivery.NeedRecipients)
	held := int64(0)
	for n := int64(0); n < 100; n++ {
		part, err := mime.Bytes(make([]byte, 2<<20), mime.PartOptions{Name: "offer.pdf"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(2) {
			a.keep(&delivery.Job{Number: 2*n + i, Row: rowOf(t, 2*n+i)}, &described{description: mime.Description{Attach: []*mime.Part{part}}}, nil)
		}
	}
	for _, v := range a.shared.values {
		held += v.(*mime.Part).Size()
	}
	if held == 0 || held > 32<<20 {
		t.Errorf("%d octets are held", held)
	}
}

// Damage is found out, or at least harmless.
func TestAnswersDamage(t *testing.T) {
	row := rowOf(t, 2)
	d := &described{letter: new(template.Template), data: data{value: map[string]any{"list": []any{"text", 1.5, rows.Date{}}, "time": time.Now()}}}
	filled(t, reflect.ValueOf(&d.description).Elem().FieldByName("To"))
	filled(t, reflect.ValueOf(&d.description).Elem().FieldByName("Envelope"))
	var s shared
	e := answerEncoder{shared: &s, row: row}
	e.described(d)
	dice := rand.New(rand.NewPCG(1, 2))
	whole := string(e.b)
	for range 20_000 {
		b := []byte(whole)
		for range dice.IntN(4) {
			b[dice.IntN(len(b))] = byte(dice.Uint32())
		}
		decoder := answerDecoder{text: string(b[:dice.IntN(len(b)+1)]), shared: &s, row: row}
		decoder.described(new(described))
	}
}

func TestSpool(t *testing.T) {
	folder := t.TempDir()
	s := spool{folder: folder, most: 1 << 20}
	defer s.close()
	var want []string
	for i := range 3000 {
		want = append(want, strings.Repeat(fmt.Sprint(i, " "), i%100))
		if err := s.add([]byte(want[i])); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		r := s.read()
		for i := range want {
			if got, err := r.next(); err != nil || string(got) != want[i] {
				t.Fatalf("record %d: %q, %v", i, got, err)
			}
		}
		if _, err := r.next(); err != io.EOF {
			t.Error(err)
		}
	}
	if s.size == 0 {
		t.Error("nothing came into the file")
	}
	s.close()
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A disk that takes no more costs calls of the script's function, and nothing else.
func TestSpoolFaults(t *testing.T) {
	kept := func(a *answers) (found int) {
		for n := int64(1); n <= 300; n++ {
			a.keep(&delivery.Job{Number: n, Row: rowOf(t, n)}, &described{description: mime.Description{Text: strings.Repeat("x", 1000)}}, nil)
		}
		a.begin(delivery.NeedLetters)
		for n := int64(1); n <= 300; n++ {
			if a.find(&delivery.Job{Number: n, Row: rowOf(t, n)}) != nil {
				found++
			}
		}
		return found
	}
	begun := func(folder string, most int64) *answers {
		a := &answers{spool: spool{folder: folder, most: most}}
		a.begin(delivery.NeedRecipients)
		t.Cleanup(a.close)
		return a
	}
	full := begun(t.TempDir(), 100_000)
	if found := kept(full); full.keeps || found < 55 || found > 100 {
		t.Errorf("%d found of what the file may take", found)
	}
	broken := begun(t.TempDir(), 1<<20)
	broken.spool.buffer = make([]byte, spoolBuffer)
	if err := broken.spool.add(nil); err != nil {
		t.Fatal(err)
	}
	broken.spool.file.Close()
	if found := kept(broken); broken.keeps || found != 0 || broken.spool.file != nil {
		t.Errorf("%d found of a file that is broken", found)
	}
	if found := kept(begun(filepath.Join(t.TempDir(), "nowhere"), 1<<20)); found != 300 {
		t.Errorf("%d found without a folder of its own", found)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	t.Setenv("TMP", filepath.Join(t.TempDir(), "nowhere"))
	if found := kept(begun("", 1<<20)); found != 0 {
		t.Errorf("%d found without any folder", found)
	}
	file := spool{folder: t.TempDir(), most: 1 << 20}
	for range 3 {
		if err := file.add(make([]byte, spoolBuffer)); err != nil {
			t.Fatal(err)
		}
	}
	file.file.Close()
	if _, err := file.read().next(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// What a disk has lost is asked again, and never sent.
func TestAnswersLostByTheDisk(t *testing.T) {
	a := &answers{spool: spool{folder: t.TempDir(), most: 1 << 20}}
	a.begin(delivery.NeedRecipients)
	defer a.close()
	text := strings.Repeat("x", 900)
	for n := int64(1); n <= 300; n++ {
		a.keep(&delivery.Job{Number: n, Row: rowOf(t, n)}, &described{description: mime.Description{Text: text}}, nil)
	}
	for _, lost := range [][]byte{make([]byte, 4096), bytes.Repeat([]byte{0xff}, 512)} {
		if _, err := a.spool.file.WriteAt(lost, 50_000); err != nil {
			t.Fatal(err)
		}
		a.begin(delivery.NeedLetters)
		found := 0
		for n := int64(1); n <= 300; n++ {
			if d := a.find(&delivery.Job{Number: n, Row: rowOf(t, n)}); d != nil {
				if found++; d.description.Text != text {
					t.Errorf("row %d: %q", n, d.description.Text)
				}
			}
		}
		if found < 40 || found > 60 {
			t.Errorf("%d were found", found)
		}
	}
}

// The ledger needs the disk more than the spool does.
func TestSpoolLeavesRoom(t *testing.T) {
	folder, left := t.TempDir(), int64(20<<20)
	s := spool{folder: folder, most: mostAnswered}
	defer s.close()
	s.free = func(of string) (int64, error) {
		if of != folder {
			t.Errorf("the disk of %s was looked at", of)
		}
		return left - s.size, nil
	}
	var err error
	for err == nil {
		err = s.add(make([]byte, 1000))
	}
	if err != errSpoolFull || s.size == 0 || left-s.size < spoolLeaves+spoolShare*s.size {
		t.Errorf("%v, %d octets", err, s.size)
	}
	s.close()
	s.free = func(string) (int64, error) { return 0, errors.ErrUnsupported }
	for range 1000 {
		if err := s.add(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
}

// Temporary files may be in memory, of which a merge of any size takes the same.
func TestSpoolTemporary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := spool{most: mostAnswered, free: func(string) (int64, error) { return 1 << 40, nil }}
	defer s.close()
	record := make([]byte, 60_000)
	var err error
	for n := 0; err == nil && n < 2000; n++ {
		err = s.add(record)
	}
	if err != errSpoolFull || s.size == 0 || s.size > 64<<20 {
		t.Errorf("%d octets are in a temporary file; %v", s.size, err)
	}
}

// Where a file keeps its name while it is open, one that was killed leaves it.
func TestSpoolSweeps(t *testing.T) {
	folder := t.TempDir()
	left := filepath.Join(folder, strings.Replace(spoolName, "*", "123", 1))
	if err := os.WriteFile(left, []byte("ann@example.org"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &answers{spool: spool{folder: folder}}
	defer a.close()
	a.begin(delivery.NeedRecipients)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The function is asked once for each row, and again for what cannot be kept.
func TestMessageIsAskedOnce(t *testing.T) {
	for _, test := range []struct {
		name, message string
		calls         int
	}{
		{"a template", `return { from = "a@bank.example", to = mime.address("P", ("p%d@example.org"):format(row.id)), subject = "n" .. row.id, template = letter, data = { row = row, offers = offers } }`, 300},
		{"a skip", `return merge.skip("n" .. row.id)`, 300},
		{"a file of all", `return { from = "a@bank.example", to = ("p%d@example.org"):format(row.id), subject = "n" .. row.id, text = "x", attach = { terms } }`, 301},
		{"files of their own", `return { from = "a@bank.example", to = ("p%d@example.org"):format(row.id), subject = "n" .. row.id, text = "x", attach = { mime.bytes("x", { name = "a.txt" }) } }`, 600},
		{"a mistake", `return { from = "a@bank.example", to = ("p%d@example.org"):format(row.id), subject = 3 }`, 600},
	} {
		out, _, err := rehearse(t, around+`
			local letter, offers = template.new { text = "{{.row.id}} {{range .offers}}{{.}}{{end}}" }, { 1, 2, 3 }
			local terms = mime.bytes("x", { name = "terms.txt" })
			local rows, calls = {}, 0
			for i = 1, 300 do rows[i] = { id = i } end
			merge.run { name = "t", key = "id", rows = rows, message = function(row) calls = calls + 1 `+test.message+` end }
			print(calls)`)
		if err != nil || strings.TrimSpace(out) != fmt.Sprint(test.calls) {
			t.Errorf("%s: %s calls, want %d; %v", test.name, out, test.calls, err)
		}
	}
}

// Two messages to one address are found even where one of them has a mistake elsewhere.
func TestMistakesCountForAddresses(t *testing.T) {
	_, _, err := rehearse(t, around+`merge.run { name = "t", key = "id", rows = { { id = 1 }, { id = 2 } }, message = function(row)
		return { from = "a@bank.example", to = "ann@example.org", date = row.id == 1 and "today" or nil, text = "x" } end }`)
	if err == nil || !strings.Contains(err.Error(), "ann@example.org") {
		t.Error(err)
	}
}
