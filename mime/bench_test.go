package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"
)

// benchDescription is a letter of 4 KB: text and HTML with a few umlauts.
func benchDescription() Description {
	d := simple()
	d.Subject = "Grüße aus der Bank"
	d.To = NewAddressList(Address{"Ännchen Example", "ann@example.org"})
	d.Text = strings.Repeat("Hello Ann, this is a line of text for you, and it is über sixty.\n", 31)
	d.HTML = strings.Repeat("<p>Hello Ann, this is a line of <b>text</b> for you, über sixty.</p>\n", 29)
	return d
}

// mergeDescription is a letter of a merge: a name that has to be encoded, which the HTML has
// too, and a list of links.
func mergeDescription() Description {
	const moved = "<p>Rates have moved since our last letter, and we would like to tell you early what that means for you: savings earn a little more.</p>\n"
	d := Description{From: []Address{{"Bank", "sender@example.com"}}, To: NewAddressList(Address{"Zoë Example 123456", "customer123456@example.net"})}
	d.Subject = "Rates of November – été"
	d.Text = "Good morning, Zoë Example 123456,\n\nrates have moved since our last letter, and we would like to tell you early.\n\n" +
		strings.Repeat("- A card from 9.00: https://bank.example/card\n", 5) + "\nYours, Bob\n\nBank, 1 Street, Paris\n" +
		"No more of this: https://bank.example/off?customer=0a1b2c3d\n"
	d.HTML = "<html><head><title>Rates of November</title></head><body>\n<h1>Good morning, Zoë Example 123456</h1>\n" + moved +
		"<p>Example &amp; Daughters 123456 in Paris has the plan gold. You need not do anything, and nothing of what we agreed upon changes.</p>\n<ul>\n" +
		strings.Repeat("<li><a href=\"https://bank.example/card\">A card</a> from 9.00</li>\n", 5) + "</ul>\n" + strings.Repeat(moved, 6) +
		"<p>Yours, Bob</p>\n<p>Bank, 1 Street, Paris</p>\n" +
		"<p>Your number is 0a1b2c3d. <a href=\"https://bank.example/off?customer=0a1b2c3d\">No more of this</a></p>\n</body></html>\n"
	return d
}

// BenchmarkBuild builds and writes: what a peer does in its WriteTo, it does here in Build.
func BenchmarkBuild(b *testing.B) {
	picture := bytes.Repeat([]byte("\x89PNG\x00\xff\xfe"), 90<<10/7)
	report := bytes.Repeat([]byte("%PDF\x00\xff\xfe"), 500<<10/7)
	part := func(data []byte, name string) *Part {
		p, err := Bytes(data, PartOptions{Name: name})
		if err != nil {
			b.Fatal(err)
		}
		return p
	}
	inline, attached := part(picture, "bear.png"), part(report, "terms.pdf")
	for _, bench := range []struct {
		name  string
		build func() Description
	}{
		{"text", func() Description { d := benchDescription(); d.HTML = ""; return d }},
		{"alternative", benchDescription},
		{"merge", mergeDescription},
		{"shared", func() Description {
			d := benchDescription()
			d.HTML += `<img src="cid:bear">`
			d.Inline, d.Attach = []Inline{{"bear", inline}}, []*Part{attached}
			return d
		}},
		{"own", nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			var d Description
			if bench.build != nil {
				d = bench.build()
			}
			for b.Loop() {
				if bench.build == nil {
					d = benchDescription()
					d.HTML += `<img src="cid:bear">`
					d.Inline = []Inline{{"bear", part(picture, "bear.png")}}
					d.Attach = []*Part{part(report, "terms.pdf")}
				}
				m, err := Build(d, Environment{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := m.WriteTo(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBase64 holds our encoder against the standard library with the line breaker
// that every peer has.
func BenchmarkBase64(b *testing.B) {
	data := make([]byte, 500<<10)
	for i := range data {
		data[i] = byte(i * 7)
	}
	b.Run("fused", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		dst := make([]byte, base64Length(len(data)))
		for b.Loop() {
			putBase64(dst, data)
		}
	})
	b.Run("standard", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		var out bytes.Buffer
		out.Grow(base64Length(len(data)))
		for b.Loop() {
			out.Reset()
			lines := lineBreaker{w: &out}
			encoder := base64.NewEncoder(base64.StdEncoding, &lines)
			encoder.Write(data)
			encoder.Close()
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		dst := make([]byte, base64.StdEncoding.EncodedLen(len(data)))
		for b.Loop() {
			base64.StdEncoding.Encode(dst, data)
		}
	})
}

// BenchmarkHugeFile sends 1 GiB and reports the heap that takes.
func BenchmarkHugeFile(b *testing.B) {
	const size = 1 << 30
	d := simple()
	d.Attach = []*Part{hugePart(b, size)}
	m := mustBuild(b, d)
	b.SetBytes(size)
	w := &memoryWriter{}
	for b.Loop() {
		if _, err := m.WriteTo(w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.peak)/(1<<20), "MiB-heap")
}

// lineBreaker breaks what it is given into lines of 76.
type lineBreaker struct {
	w   io.Writer
	col int
}

func (l *lineBreaker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(76-l.col, len(p))
		l.w.Write(p[:k])
		p, l.col = p[k:], l.col+k
		if l.col == 76 {
			io.WriteString(l.w, "\r\n")
			l.col = 0
		}
	}
	return n, nil
}
