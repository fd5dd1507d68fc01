package luaapi

import (
	"fmt"
	"strings"
)

// Manual returns the reference manual in Markdown: one page a module, and one
// for errors, by file name.
func Manual() map[string]string {
	pages := map[string]string{}
	for _, m := range Modules() {
		var b strings.Builder
		fmt.Fprintf(&b, "<!-- Generated from the descriptors in luaapi; do not edit. -->\n# %s\n\n%s\n\n```lua\nlocal %s = require \"%s\"\n```\n", m.Name, m.Doc, m.Name, m.Name)
		if len(m.Fields) > 0 {
			b.WriteString(fieldTable(m.Fields))
		}
		for i := range m.Functions {
			b.WriteString("\n## " + m.Functions[i].full + "\n\n" + m.Functions[i].markdown())
		}
		for _, class := range m.Classes {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", class.Name, class.Doc)
			if len(class.Fields) > 0 {
				b.WriteString(fieldTable(class.Fields))
			}
			for i := range class.Methods {
				b.WriteString("\n### " + class.Methods[i].full + "\n\n" + class.Methods[i].markdown())
			}
		}
		pages[m.Name+".md"] = b.String()
	}
	pages["errors.md"] = errorsPage()
	return pages
}

// errorsPage lists the hints. Which error has which kind is told first, because
// that is what a script asks for.
func errorsPage() string {
	var b strings.Builder
	b.WriteString(`<!-- Generated from luaapi/hint.go; do not edit. -->
# Errors and what to do

What a server answers to MAIL, RCPT or a message is no error: it is in the result, with its code. What prevents an answer is a
fault. ` + "`try`" + ` returns it as a value with ` + "`kind`, `message`, `hint`, `command`, `code`, `enhanced` and `temporary`" + `.
A fault that nothing catches ends the run with its message and, where the cause is likely enough, one of these hints.

| seen | what to do |
|---|---|
`)
	for _, h := range Hints() {
		fmt.Fprintf(&b, "| <a id=\"%s\"></a>%s | %s |\n", h.Name, cell(h.Seen), cell(h.Text))
	}
	return b.String()
}

func fieldTable(fields []Field) string {
	var b strings.Builder
	b.WriteString("\n| field | type | |\n|---|---|---|\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", f.Name, cell(f.Type), cell(f.Doc))
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func (f *Function) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s`", f.Signature())
	if f.Returns != "" {
		fmt.Fprintf(&b, " → `%s`", f.Returns)
	}
	fmt.Fprintf(&b, "\n\n%s\n", f.Doc)
	for _, p := range f.Params {
		if p.Doc != "" {
			fmt.Fprintf(&b, "\n- `%s` (`%s`): %s", p.Label(), p.luals(f), p.Doc)
		}
	}
	if f.Options != nil {
		b.WriteString("\n\n| option | type | |\n|---|---|---|\n")
		for _, o := range EveryOption(f.Options) {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", o.Name, cell(o.Type), cell(o.Doc))
		}
	} else if strings.HasSuffix(b.String(), "\n") {
		// nothing to separate
	} else {
		b.WriteString("\n")
	}
	if f.Example != "" {
		fmt.Fprintf(&b, "\n```lua\n%s\n```\n", f.Example)
	}
	return b.String()
}

// Describe is the entry of a function, class, field or module for a terminal.
func Describe(found any) string {
	var b strings.Builder
	switch d := found.(type) {
	case *Module:
		fmt.Fprintf(&b, "%s\n\n%s\n\n", d.Name, d.Doc)
		for _, f := range d.Fields {
			fmt.Fprintf(&b, "  %s.%-14s %-12s %s\n", d.Name, f.Name, f.Type, f.Doc)
		}
		for i := range d.Functions {
			fmt.Fprintf(&b, "  %s\n", d.Functions[i].Signature())
		}
		for _, class := range d.Classes {
			fmt.Fprintf(&b, "  %s: %s\n", class.Name, strings.Join(class.names(), " "))
		}
	case *Class:
		fmt.Fprintf(&b, "%s\n\n%s\n\n", d.Name, d.Doc)
		for _, f := range d.Fields {
			fmt.Fprintf(&b, "  .%-14s %-12s %s\n", f.Name, f.Type, f.Doc)
		}
		for i := range d.Methods {
			fmt.Fprintf(&b, "  %s\n", d.Methods[i].Signature())
		}
	case *Field:
		fmt.Fprintf(&b, "%s: %s\n\n%s\n", d.Name, d.Type, d.Doc)
	case *Function:
		b.WriteString(d.Signature())
		if d.Returns != "" {
			b.WriteString(" → " + d.Returns)
		}
		fmt.Fprintf(&b, "\n\n%s\n", d.Doc)
		for _, p := range d.Params {
			fmt.Fprintf(&b, "\n  %-14s %s  %s", p.Label(), p.luals(d), p.Doc)
		}
		if len(d.Params) > 0 {
			b.WriteString("\n")
		}
		if d.Options != nil {
			b.WriteString("\noptions:\n")
			for _, o := range EveryOption(d.Options) {
				fmt.Fprintf(&b, "  %-20s %-16s %s\n", o.Name, o.Type, o.Doc)
			}
		}
		if d.Example != "" {
			fmt.Fprintf(&b, "\nexample:\n  %s\n", strings.ReplaceAll(d.Example, "\n", "\n  "))
		}
	}
	return b.String()
}
