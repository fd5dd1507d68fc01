//go:build interop && linux

package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	_ "image/png"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// checkChromium shows the HTML of each example in Chromium, beside the text of the same
// message: it must be there, and so must its pictures. PAGE=folder keeps the page and the
// picture of it, to be looked at.
func checkChromium(t *testing.T, sent map[string][][]byte) {
	t.Helper()
	var page strings.Builder
	count := 0
	for _, example := range slices.Sorted(maps.Keys(sent)) {
		for _, message := range sent[example] {
			seen := look(t, message)
			if len(seen.html) > 0 && len(seen.text) != len(seen.html) {
				t.Errorf("%s: %d texts beside %d of HTML", example, len(seen.text), len(seen.html))
				continue
			}
			for i, body := range seen.html {
				fmt.Fprintf(&page, "<h2>%s: %s</h2>\n<div><pre>%s</pre><iframe srcdoc=\"%s\"></iframe></div>\n", html.EscapeString(example),
					html.EscapeString(seen.subject), html.EscapeString(seen.text[i]), html.EscapeString(seen.withPictures(body)))
				count++
			}
		}
	}
	if count == 0 {
		t.Fatal("no example has HTML")
	}
	images := 0
	for _, f := range showInChromium(t, "examples", page.String(), count) {
		images += f.Images
	}
	if images == 0 {
		t.Error("no HTML has a picture")
	}
}

// frame is what a page shows of one HTML.
type frame struct {
	Text, Images, Broken int
	Links                []string // of what it would fetch
	X, Y, Width, Height  int
}

// showInChromium shows a page that has some frames, each with the HTML of a message, and
// looks whether they are blank, whole, and fetch nothing.
func showInChromium(t *testing.T, name, body string, count int) []frame {
	t.Helper()
	program := require(t, "chromium")
	folder := os.Getenv("PAGE")
	if folder == "" {
		folder = t.TempDir()
	}
	path, picture := filepath.Join(folder, name+".html"), filepath.Join(folder, name+".png")
	write(t, path, pageHead+body+pageEnd, 0o644)

	var frames []frame
	dom := runChromium(t, program, "--dump-dom", "file://"+path)
	_, report, _ := strings.Cut(dom, `<script id="report" type="application/json">`)
	report, _, _ = strings.Cut(report, "</script>")
	if err := json.Unmarshal([]byte(report), &frames); err != nil || len(frames) != count {
		t.Fatalf("Chromium reports %q: %v", report, err)
	}
	runChromium(t, program, "--screenshot="+picture, "file://"+path)
	file, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shot, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		if f.Text == 0 || f.Broken > 0 || len(f.Links) > 0 {
			t.Errorf("HTML %d has %d characters, %d broken pictures, and would fetch %q", i+1, f.Text, f.Broken, f.Links)
		}
		if n := inked(shot, image.Rect(f.X, f.Y, f.X+f.Width, f.Y+f.Height)); n < 50 {
			t.Errorf("HTML %d is blank: %d pixels of %v are not white", i+1, n, shot.Bounds())
		}
	}
	return frames
}

const pageHead = `<!DOCTYPE html>
<meta charset="utf-8">
<style>
body { font: 14px sans-serif; margin: 16px; background: #eee }
h2 { font-size: 14px; margin: 16px 0 4px }
div { display: flex; gap: 16px; align-items: flex-start }
pre, iframe { width: 560px; margin: 0; padding: 8px; border: 0; background: #fff; box-sizing: border-box; white-space: pre-wrap }
</style>
`

// pageEnd makes each frame as high as what it shows, and reports what that is.
const pageEnd = `<script>
addEventListener("load", () => {
  const frames = [...document.querySelectorAll("iframe")]
  for (const f of frames) f.style.height = f.contentDocument.documentElement.scrollHeight + 24 + "px"
  const report = document.createElement("script")
  report.id = "report"
  report.type = "application/json"
  report.textContent = JSON.stringify(frames.map(f => {
    const images = [...f.contentDocument.images], box = f.getBoundingClientRect()
    const fetched = [...f.contentDocument.querySelectorAll("[src], link[href]")].map(e => e.src || e.href)
    return {
      text: f.contentDocument.body.innerText.trim().length, images: images.length,
      broken: images.filter(i => !i.complete || i.naturalWidth == 0).length,
      links: fetched.filter(u => !u.startsWith("data:")),
      x: Math.floor(box.x), y: Math.floor(box.y), width: Math.floor(box.width), height: Math.floor(box.height),
    }
  }))
  document.body.append(report)
})
</script>
`

// runChromium runs it without a window and without a network, and returns what it prints.
func runChromium(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,4000", "--virtual-time-budget=10000",
		"--user-data-dir=" + t.TempDir(),
	}, arguments...)...)
	// The first process of its own: what it starts ends with it.
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, tail(stderr.String()))
	}
	return stdout.String()
}

// inked counts the pixels of a rectangle that are not white.
func inked(shot image.Image, box image.Rectangle) int {
	n := 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if r, g, b, _ := shot.At(x, y).RGBA(); r < 0xF000 || g < 0xF000 || b < 0xF000 {
				n++
			}
		}
	}
	return n
}

// sight is what a person sees of a message.
type sight struct {
	subject    string
	text, html []string
	pictures   map[string]string // as data: URLs, by Content-ID
}

func look(t *testing.T, message []byte) sight {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	seen := sight{pictures: map[string]string{}}
	if seen.subject, err = decoder.DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	if err := seen.add(m.Header.Get, m.Body); err != nil {
		t.Fatal(err)
	}
	return seen
}

// add adds a part with those in it. Attachments are not seen.
func (s *sight) add(get func(string) string, body io.Reader) error {
	kind, parameters, err := mime.ParseMediaType(get("Content-Type"))
	if err != nil {
		kind, parameters = "text/plain", nil // what is typed by hand may have none
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, parameters["boundary"]); ; {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.add(part.Header.Get, part); err != nil {
				return err
			}
		}
	}
	if strings.HasPrefix(get("Content-Disposition"), "attachment") {
		return nil
	}
	l := leaf{kind: kind, charset: parameters["charset"], encoding: get("Content-Transfer-Encoding")}
	if l.source, err = io.ReadAll(body); err != nil {
		return err
	}
	data, err := l.decoded(l.source)
	if err != nil {
		return err
	}
	switch {
	case kind == "text/plain":
		s.text = append(s.text, string(data))
	case kind == "text/html":
		s.html = append(s.html, string(data))
	case strings.HasPrefix(kind, "image/"):
		s.pictures[strings.Trim(get("Content-ID"), "<>")] = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
	}
	return nil
}

var cidURL = regexp.MustCompile(`cid:[^"'\s>)]+`)

// withPictures puts the pictures into the HTML that shows them; a cid: that shows none stays.
func (s *sight) withPictures(body string) string {
	return cidURL.ReplaceAllStringFunc(body, func(url string) string {
		if data, ok := s.pictures[strings.TrimPrefix(url, "cid:")]; ok {
			return data
		}
		return url
	})
}
