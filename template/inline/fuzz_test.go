package inline

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Inlining changes style attributes and style elements and nothing else: the tree is the
// same but for these.
func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		`<style>p{color:red}a:hover{top:0}</style><p style="a:b" class='x {{.Y}}'>{{range .Z}}<a>x</a>{{end}}`,
		`<!--[if mso]><style>p{}</style><![endif]--><style media=x>@media y{.b>i{left:0 !important}}</style><b class=b><i></b></i>`,
		`<table><style>td,tr+tr{top:0}</style>{{if .A}}<tr {{.B}}>{{else}}<tr style=top:1>{{end}}<td style='x:"'>`,
		`<style>@font-face{x:y}p{font-family:"a b";background:url('x y')}</style><svg><style>p{}</style></svg><p style>`,
		`<STYLE>*{a:b}</STYLE><p style="c:url(">&amp;<textarea></p></textarea><title>{{"</title>"}}</title>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, err := HTML(source, Options{})
		if err != nil {
			if got != "" {
				t.Errorf("a result with an error: %q", got)
			}
			return
		}
		again, err := HTML(got, Options{})
		if err != nil {
			t.Fatalf("a second time: %v\nsource %q\nresult %q", err, source, got)
		}
		if !strings.Contains(lower(got), "<style") && again != got {
			t.Errorf("a second time changes more\n source %q\n result %q\n  again %q", source, got, again)
		}
		if before, after := actionTexts(source), actionTexts(got); !subset(after, before) {
			t.Errorf("actions changed: %q, were %q", after, before)
		}
		if before, after := outside(t, source), outside(t, got); before != after {
			t.Errorf("the tree changed\nsource %q\nresult %q\n was %s\n  is %s", source, got, before, after)
		}
	})
}

func actionTexts(source string) []string {
	found, err := findActions(source)
	if err != nil {
		return nil
	}
	var texts []string
	for _, a := range found.list {
		texts = append(texts, source[a.start:a.end])
	}
	return texts
}

// subset says whether all of part is in whole, in order; an action can go with a rule
// that it is a comment in.
func subset(part, whole []string) bool {
	for _, p := range part {
		for len(whole) > 0 && whole[0] != p {
			whole = whole[1:]
		}
		if len(whole) == 0 {
			return false
		}
		whole = whole[1:]
	}
	return true
}

// outside is the tree without style attributes and style elements, and without the frame
// and the spaces that a style element may have brought about. Actions become letters, so
// that both sources are read in the same way.
func outside(t *testing.T, source string) string {
	found, e := findActions(source)
	if e != nil {
		t.Fatal(e)
	}
	root, err := html.ParseWithOptions(strings.NewReader(found.mask(source, 0, len(source))), html.ParseOptionEnableScripting(false))
	if err != nil {
		return ""
	}
	var out strings.Builder
	for node := root; node != nil; node = following(node, root) {
		switch node.Type {
		case html.ElementNode:
			if node.Data == "style" || (node.Data == "html" || node.Data == "head" || node.Data == "body") && len(node.Attr) == 0 {
				continue
			}
			out.WriteString("<" + node.Data)
			for _, a := range node.Attr {
				if a.Key != "style" {
					out.WriteString(" " + a.Key + "=" + a.Val)
				}
			}
			out.WriteString(">")
		case html.TextNode:
			if node.Parent.Data != "style" {
				out.WriteString(strings.Join(strings.Fields(node.Data), ""))
			}
		case html.CommentNode:
			out.WriteString("<!--" + node.Data + "-->")
		}
	}
	return out.String()
}
