//go:build interop && linux

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/template/inline"
)

const newsletters = "../template/inline/testdata/newsletters"

// TestInlineJuice makes template/inline/testdata/juice anew with npm's juice. With
// UPDATE=1 it writes what has changed, otherwise that is an error.
func TestInlineJuice(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	const golden = "../template/inline/testdata/juice"
	if _, err := os.Stat("/var/cache/mailscript-interop/juice/node_modules/juice"); err != nil {
		t.Skip("no juice; what it made is in testdata")
	}
	out := t.TempDir()
	from, err := filepath.Abs(newsletters)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/juice.js")
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(ctx, "node", script, from, out)
	run.Env = append(os.Environ(), "NODE_PATH=/var/cache/mailscript-interop/juice/node_modules")
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("juice: %v\n%s", err, text)
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) < 50 {
		t.Fatalf("juice wrote %d files: %v", len(files), err)
	}
	for _, file := range files {
		got, err := os.ReadFile(filepath.Join(out, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		known := filepath.Join(golden, file.Name())
		want, err := os.ReadFile(known)
		switch {
		case err == nil && bytes.Equal(got, want):
		case os.Getenv("UPDATE") != "":
			if err := os.WriteFile(known, got, 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: juice makes something else of it: UPDATE=1 writes it", file.Name())
		}
	}
}

// page is a newsletter, without the addresses of its pictures and fonts, as it was,
// inlined, and then without style elements, as some readers show it.
type page struct {
	Name, Before, After, Stripped string
}

var styleElement = regexp.MustCompile(`(?is)<style.*?</style>`)

// needy are the newsletters that a wide and light screen shows otherwise without their
// style elements, because something in them must stay there: @supports, custom
// properties, :is(), ::first-letter, @media (min-width), nested rules, ::after, * where
// there is a tbody without a tag, data-embed, ::after, :link, ::after, ::before.
const needy = "accordion-interactive custom-properties logical-and-modern long-read mjml-output nested-rules quoted-values " +
	"receipt several-style-blocks social-mentions upper-case-source weather-briefing welcome-steps"

func pages(t *testing.T) []page {
	t.Helper()
	files, err := filepath.Glob(newsletters + "/*.html")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d newsletters: %v", len(files), err)
	}
	var list []page
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before := strings.NewReplacer("https://", "blocked:", "http://", "blocked:", "cid:", "blocked:").Replace(string(source))
		after, err := inline.HTML(before, inline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page{strings.TrimSuffix(filepath.Base(file), ".html"), before, after, styleElement.ReplaceAllString(after, "")})
	}
	return list
}

// TestInlineComputedStyles lets Chromium say of every element of every newsletter what
// its style comes to, before and after, on wide and narrow screens, light and dark.
func TestInlineComputedStyles(t *testing.T) {
	t.Parallel()
	list := pages(t)
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/computed.js")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "page.html")
	// "</" must not end the script.
	text := "<!doctype html><meta charset=utf-8><pre id=result>unfinished</pre><script>const pages = " +
		strings.ReplaceAll(string(data), "</", `<\/`) + ";\n" + string(script) + "</script>"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, flag := range map[string]string{"light": "preferredColorScheme=1", "dark": "preferredColorScheme=0"} {
		t.Run(name, func(t *testing.T) {
			out := chromium(t, "--blink-settings="+flag, "--virtual-time-budget=60000", "--dump-dom", "file://"+file)
			_, rest, _ := strings.Cut(out, `<pre id="result">`)
			result, _, _ := strings.Cut(rest, "</pre>")
			first, rest, _ := strings.Cut(html.UnescapeString(result), "\n")
			others, differences, _ := strings.Cut(rest, "\n")
			t.Log(first)
			if !strings.HasPrefix(first, "compared ") || strings.HasPrefix(first, "compared 0 ") || !strings.HasSuffix(first, name) {
				t.Fatalf("Chromium did not get to the end: %.300q", out)
			}
			if name == "light" && others != needy {
				t.Errorf("without style elements other newsletters differ: %s", others)
			}
			if differences != "" {
				t.Error(differences)
			}
		})
	}
}

// TestInlinePixels compares pictures of all newsletters, before and after. INLINE_PICTURES
// names a folder that they are kept in.
func TestInlinePixels(t *testing.T) {
	if os.Getenv("READERS") == "" {
		t.Skip("takes minutes: part of make interop-full")
	}
	list := pages(t)
	folder := os.Getenv("INLINE_PICTURES")
	if folder == "" {
		folder = t.TempDir()
	}
	// What moves is drawn as it moves.
	list = slices.DeleteFunc(list, func(p page) bool { return strings.Contains(p.Before, "@keyframes") })
	for name, width := range map[string]string{"wide": "640", "narrow": "390"} {
		t.Run(name, func(t *testing.T) {
			picture := func(kind string, text func(page) string) []byte {
				var out strings.Builder
				out.WriteString("<!doctype html><meta charset=utf-8><body style='margin:0;line-height:0'>")
				for _, p := range list {
					out.WriteString(`<iframe width=` + width + ` height=260 style="border:1px solid #000" srcdoc="` + html.EscapeString(text(p)) + `"></iframe>`)
				}
				file := filepath.Join(folder, name+"-"+kind)
				if err := os.WriteFile(file+".html", []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				chromium(t, "--window-size=2000,4800", "--hide-scrollbars", "--virtual-time-budget=10000", "--screenshot="+file+".png", "file://"+file+".html")
				data, err := os.ReadFile(file + ".png")
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			before := picture("before", func(p page) string { return p.Before })
			after := picture("after", func(p page) string { return p.After })
			if n := different(t, before, after); n != 0 {
				t.Errorf("%d pixels differ", n)
			}
		})
	}
}

// different counts the pixels in which two pictures differ.
func different(t *testing.T, a, b []byte) int {
	t.Helper()
	first, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	second, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if first.Bounds() != second.Bounds() {
		t.Fatalf("pictures of %v and %v", first.Bounds(), second.Bounds())
	}
	n, colours := 0, map[any]bool{}
	for y := first.Bounds().Min.Y; y < first.Bounds().Max.Y; y++ {
		for x := first.Bounds().Min.X; x < first.Bounds().Max.X; x++ {
			if first.At(x, y) != second.At(x, y) {
				n++
			}
			if len(colours) < 20 {
				colours[first.At(x, y)] = true
			}
		}
	}
	if len(colours) < 20 {
		t.Fatalf("the pictures show nothing: %d colours", len(colours))
	}
	return n
}

// chromium runs Chromium without a window and returns what it prints. It fetches nothing.
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args = append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + t.TempDir()}, args...)
	run := exec.CommandContext(ctx, "chromium", args...)
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	return string(out)
}
