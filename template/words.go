package template

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// onText makes a function of one on strings.
func onText(f func(string) string) func(*run, []any) (any, error) {
	return func(_ *run, args []any) (any, error) {
		s, err := text(args[0])
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}
}

func upper(s string) string { return strings.ToUpper(s) }
func lower(s string) string { return strings.ToLower(s) }
func trim(s string) string  { return strings.TrimSpace(s) }

// capitalize makes the first letter a capital one.
func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// textTest makes a function that is given what to look for and then the text.
func textTest(f func(s, sought string) bool) func(*run, []any) (any, error) {
	return func(_ *run, args []any) (any, error) {
		sought, err := text(args[0])
		if err != nil {
			return nil, err
		}
		s, err := text(args[1])
		if err != nil {
			return nil, err
		}
		return f(s, sought), nil
	}
}

func containsText(s, sought string) bool { return strings.Contains(s, sought) }
func startsText(s, sought string) bool   { return strings.HasPrefix(s, sought) }
func endsText(s, sought string) bool     { return strings.HasSuffix(s, sought) }

// truncate: {{.text | truncate 80}} cuts at a space, if there is one in the second
// half, and adds "…".
func truncate(_ *run, args []any) (any, error) {
	n, err := whole(args[0])
	if err != nil {
		return nil, err
	}
	s, err := text(args[1])
	if err != nil {
		return nil, err
	}
	if n < 1 || int64(utf8.RuneCountInString(s)) <= n {
		return s, nil
	}
	runes := []rune(s)[:n-1]
	for i := len(runes) - 1; i > len(runes)/2; i-- {
		if unicode.IsSpace(runes[i]) {
			runes = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(runes), unicode.IsSpace) + "…", nil
}

// replace: {{.text | replace "from" "to"}}.
func replace(r *run, args []any) (any, error) {
	var s [3]string
	for i, a := range args {
		var err error
		if s[i], err = text(a); err != nil {
			return nil, err
		}
	}
	if grown := len(s[1]) - len(s[0]); grown > 0 && strings.Count(s[2], s[0])*grown > r.part.template.options.MaxSize {
		return nil, mistakef("replace makes more than %d bytes", r.part.template.options.MaxSize)
	}
	return strings.ReplaceAll(s[2], s[0], s[1]), nil
}

// split2: {{range .tags | split ","}}.
func split2(_ *run, args []any) (any, error) {
	separator, err := text(args[0])
	if err != nil {
		return nil, err
	}
	s, err := text(args[1])
	if err != nil || s == "" {
		return []any(nil), err
	}
	var list []any
	for part := range strings.SplitSeq(s, separator) {
		list = append(list, strings.TrimSpace(part))
	}
	return list, nil
}

// join2: {{.tags | join ", "}}.
func join2(r *run, args []any) (any, error) {
	separator, err := text(args[0])
	if err != nil {
		return nil, err
	}
	list, err := listOf(args[1])
	if err != nil {
		return nil, err
	}
	var out []byte
	for i, item := range list {
		if i > 0 {
			out = append(out, separator...)
		}
		if out, err = appendText(out, item); err != nil {
			return nil, err
		}
		if len(out) > r.part.template.options.MaxSize {
			return nil, mistakef("join makes more than %d bytes", r.part.template.options.MaxSize)
		}
	}
	return string(out), nil
}

// printAll writes its arguments one after the other.
func printAll(_ *run, args []any) (any, error) {
	var out []byte
	for _, a := range args {
		var err error
		if out, err = appendText(out, a); err != nil {
			return nil, err
		}
	}
	return string(out), nil
}

// maxWidth bounds the width and precision that printf is asked for.
const maxWidth = 1000

// printf is that of Lua: %d takes whole numbers of any kind, %s anything that prints.
func printf(_ *run, args []any) (any, error) {
	format, err := text(args[0])
	if err != nil {
		return nil, err
	}
	args = args[1:]
	var out []byte
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			break
		}
		out = append(out, format[:i]...)
		format = format[i+1:]
		flags := len(format) - len(strings.TrimLeft(format, "-+ #0123456789."))
		if flags == len(format) {
			return nil, mistakef("the format ends in %%")
		}
		verb, spec := format[flags], format[:flags]
		format = format[flags+1:]
		if verb == '%' {
			out = append(out, '%')
			continue
		}
		if len(args) == 0 {
			return nil, mistakef("no argument for %%%s%c", spec, verb)
		}
		if out, err = appendFormatted(out, spec, verb, args[0]); err != nil {
			return nil, err
		}
		args = args[1:]
	}
	if len(args) > 0 {
		return nil, mistakef("%d more arguments than the format takes", len(args))
	}
	return string(append(out, format...)), nil
}

func appendFormatted(out []byte, spec string, verb byte, v any) ([]byte, error) {
	width := 0
	for _, c := range spec {
		if c < '0' || c > '9' {
			width = 0
		} else if width = width*10 + int(c-'0'); width > maxWidth {
			return nil, mistakef("%%%s%c is wider than %d", spec, verb, maxWidth)
		}
	}
	switch verb {
	case 's', 'q':
		s, err := text(v)
		return fmt.Appendf(out, "%"+spec+string(verb), s), err
	case 'd', 'x', 'X', 'o':
		n, err := whole(v)
		return fmt.Appendf(out, "%"+spec+string(verb), n), err
	case 'e', 'E', 'f', 'g', 'G':
		n, err := numeric(v)
		if err != nil {
			return nil, err
		}
		return fmt.Appendf(out, "%"+spec+string(verb), asFloat(n)), nil
	case 'v':
		return appendText(out, v)
	}
	return nil, mistakef("unknown format %%%s%c", spec, verb).withHint("d x s q f e g are known")
}
