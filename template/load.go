package template

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Source is a template that is not in files.
type Source struct {
	// Name is what errors call it; "template" where empty.
	Name string
	// HTML and Markdown exclude each other. Text goes with either. One of the three, or
	// Subject, must be there.
	HTML, Markdown, Text string
	Subject, Preheader   string
	// Layout names a file in the folder "layouts" of Options.Files.
	Layout string
}

const (
	layoutFolder  = "layouts"
	partialFolder = "partials"
	// maxFile bounds the size of a file, in octets.
	maxFile = 4 << 20
)

// letter is all that makes a template, before it is put together.
type letter struct {
	// folder is where the letter's file is, within the files.
	folder               string
	html, markdown, text *source
	front                map[string]*source
	files                fs.FS
}

// Load reads NAME.html or NAME.md, NAME.txt, or both, from options.Files. The first
// lines may be front matter with subject, preheader and layout.
func Load(name string, options Options) (*Template, error) {
	if options.Files == nil || !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, '\\') {
		return nil, &Error{Message: fmt.Sprintf("loading %q: not the name of a template", name),
			Hint: "give a path below the folder of templates, with slashes and without .html"}
	}
	l := &letter{folder: path.Dir(name), front: map[string]*source{}, files: options.Files}
	for _, part := range []struct {
		extension string
		into      **source
	}{{".html", &l.html}, {".md", &l.markdown}, {".txt", &l.text}} {
		file, err := readSource(l.files, name+part.extension)
		if err != nil {
			return nil, err
		}
		if file == nil {
			continue
		}
		front, body, err := frontMatter(file)
		if err != nil {
			return nil, err
		}
		for key, value := range front {
			if other := l.front[key]; other != nil {
				return nil, value.errorAt(0, mistakef("%s is given in %s too", key, other.name))
			}
			l.front[key] = value
		}
		*part.into = body
	}
	if l.html == nil && l.markdown == nil && l.text == nil {
		return nil, &Error{Message: fmt.Sprintf("loading %q: no %s.html, %s.md or %s.txt there", name, name, name, name), Err: fs.ErrNotExist}
	}
	return l.build(name, options)
}

// New makes a template of a source.
func New(s Source, options Options) (*Template, error) {
	if s.Name == "" {
		s.Name = "template"
	}
	l := &letter{folder: ".", front: map[string]*source{}, files: options.Files}
	part := func(what, text string) *source {
		if text == "" {
			return nil
		}
		return &source{name: s.Name + " (" + what + ")", text: text, line: 1, column: 1}
	}
	l.html, l.markdown, l.text = part("html", s.HTML), part("markdown", s.Markdown), part("text", s.Text)
	for key, text := range map[string]string{"subject": s.Subject, "preheader": s.Preheader, "layout": s.Layout} {
		if p := part(key, text); p != nil {
			l.front[key] = p
		}
	}
	if l.html == nil && l.markdown == nil && l.text == nil && l.front["subject"] == nil {
		return nil, &Error{Message: "a template needs html, markdown, text or a subject"}
	}
	return l.build(s.Name, options)
}

// markdownLayout is the document around Markdown that names no layout.
const markdownLayout = `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
</head>
<body>
{{template "preheader" .}}{{template "content" .}}</body>
</html>
`

// build puts the letter, its layout and its partials together and compiles them.
func (l *letter) build(name string, options Options) (*Template, error) {
	if l.html != nil && l.markdown != nil {
		return nil, &Error{File: l.markdown.name, Message: "there is HTML too", Hint: "a letter is written in HTML or in Markdown"}
	}
	options = options.withDefaults()
	locale, err := newLocale(options)
	if err != nil {
		return nil, err
	}
	t := &Template{name: name, options: options, locale: locale, maxSteps: maxSteps}
	for key, into := range map[string]**part{"subject": &t.subject, "preheader": &t.preheader} {
		if s := l.front[key]; s != nil {
			f, err := fragmentOf(s, nil)
			if err != nil {
				return nil, err
			}
			if *into, err = t.part(l.expander(".txt", ""), f, f, plainPart); err != nil {
				return nil, err
			}
		}
	}
	if l.text != nil {
		if t.text, err = l.textPart(t); err != nil {
			return nil, err
		}
	}
	if l.html != nil || l.markdown != nil {
		if t.html, err = l.htmlPart(t); err != nil {
			return nil, err
		}
		t.textOfHTML = l.markdown != nil && l.text == nil
	}
	return t, nil
}

// expander looks for partials with one of the extensions.
func (l *letter) expander(extension, markdown string) *expander {
	read := map[string]*fragment{}
	return &expander{
		special: map[string]definition{},
		partial: func(name string) (*fragment, error) {
			if f := read[name]; f != nil {
				return f, nil
			}
			f, err := l.find(partialFolder, name, extension, markdown)
			read[name] = f
			return f, err
		},
		missing: func(name string) string {
			if l.files == nil {
				return fmt.Sprintf("write {{define %q}}", name)
			}
			return fmt.Sprintf("write {{define %q}}, or the file %s", name, path.Join(partialFolder, name+extension))
		},
	}
}

func (l *letter) textPart(t *Template) (*part, error) {
	letter, err := fragmentOf(l.text, nil)
	if err != nil {
		return nil, err
	}
	e := l.expander(".txt", "")
	outer, err := l.layout(e, letter, ".txt", "")
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"subject", "preheader"} {
		if err := l.special(e, key, key); err != nil {
			return nil, err
		}
	}
	return t.part(e, outer, letter, plainPart)
}

func (l *letter) htmlPart(t *Template) (*part, error) {
	s, transform := l.html, (func([]segment) ([]segment, error))(nil)
	if l.markdown != nil {
		s, transform = l.markdown, markdownToHTML
	}
	letter, err := fragmentOf(s, transform)
	if err != nil {
		return nil, err
	}
	e := l.expander(".html", ".md")
	outer, err := l.layout(e, letter, ".html", ".md")
	if err != nil {
		return nil, err
	}
	if err := l.special(e, "subject", "subject"); err != nil {
		return nil, err
	}
	if err := l.special(e, "preheader", "preheader text"); err != nil {
		return nil, err
	}
	hidden := ""
	if l.front["preheader"] != nil {
		hidden = hiddenPreheader
	}
	f, err := fragmentOf(&source{name: "preheader", text: hidden, line: 1, column: 1}, nil)
	if err != nil {
		return nil, err
	}
	shown := false
	e.special["preheader"] = definition{f.body, f}
	e.used = func(name string) { shown = shown || strings.HasPrefix(name, "preheader") }
	segments, err := e.expand(outer.body, outer)
	if err != nil {
		return nil, err
	}
	if s := l.front["preheader"]; s != nil && !shown {
		i, offset, found := behindBody(segments)
		if !found {
			return nil, s.errorAt(0, mistakef("the preheader is shown nowhere").
				withHint(`put {{template "preheader" .}} behind <body> in `+outer.source.name))
		}
		action := []segment{{keyword: "template", text: `template "preheader" .`}}
		if segments, err = insert(e, segments, i, offset, action, outer); err != nil {
			return nil, err
		}
	}
	return t.assemble(segments, outer, letter, htmlPart)
}

// special makes a value of the front matter a template of the name.
func (l *letter) special(e *expander, key, name string) error {
	s := l.front[key]
	if s == nil {
		return nil
	}
	f, err := fragmentOf(s, nil)
	if err != nil {
		return err
	}
	e.special[name] = definition{f.body, f}
	return nil
}

// layout returns what stands outermost: the layout, with the letter as its content,
// or the letter.
func (l *letter) layout(e *expander, letter *fragment, extension, markdown string) (*fragment, error) {
	e.first = []*fragment{letter}
	outer := letter
	named := l.front["layout"]
	switch {
	case named != nil:
		f, err := l.find(layoutFolder, named.text, extension, "")
		if err != nil {
			return nil, named.locate(err)
		}
		if f == nil && extension == ".txt" && l.text != nil && (l.html != nil || l.markdown != nil) {
			return letter, nil // The layout is one of HTML only.
		}
		if f == nil {
			return nil, named.errorAt(0, mistakef("no layout %q", named.text).
				withHint("write the file "+path.Join(layoutFolder, named.text+extension)))
		}
		outer = f
	case markdown != "" && l.markdown != nil:
		f, err := fragmentOf(&source{name: "the layout of Markdown", text: markdownLayout, line: 1, column: 1}, nil)
		if err != nil {
			return nil, err
		}
		outer = f
	}
	if outer != letter {
		e.first = append(e.first, outer)
		e.special["content"] = definition{letter.body, letter}
	}
	return outer, nil
}

// locate makes the error point at the source unless it has a place already.
func (s *source) locate(err error) error {
	var placed *Error
	if errors.As(err, &placed) {
		return err
	}
	return s.errorAt(0, err)
}

// partialName is what layouts and partials are called: nothing that leads elsewhere.
var partialName = regexp.MustCompile(`^[\pL\pN_-]+(/[\pL\pN_-]+)*$`)

// find reads a file of the folder: beside the letter, or at the top.
func (l *letter) find(folder, name, extension, markdown string) (*fragment, error) {
	if !partialName.MatchString(name) {
		return nil, mistakef("%q cannot be the name of a file", name).withHint("names are letters, digits, _ and -, with / between them")
	}
	if l.files == nil {
		return nil, nil
	}
	for _, within := range []string{path.Join(l.folder, folder), folder} {
		for _, ext := range []string{extension, markdown} {
			if ext == "" {
				continue
			}
			s, err := readSource(l.files, path.Join(within, name+ext))
			if err != nil {
				return nil, err
			}
			if s == nil {
				continue
			}
			if ext == ".md" {
				return fragmentOf(s, markdownToHTML)
			}
			return fragmentOf(s, nil)
		}
	}
	return nil, nil
}

// readSource reads a file; nil when there is none.
func readSource(files fs.FS, name string) (*source, error) {
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{File: name, Message: fmt.Sprintf("reading it: %v", err), Err: err}
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &Error{File: name, Message: fmt.Sprintf("reading it: %v", err), Err: err}
	}
	if len(content) > maxFile {
		return nil, &Error{File: name, Message: fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	return &source{name: name, text: string(content), line: 1, column: 1}, nil
}
