package mime

import (
	"html"
	"strings"
)

// plainText makes a text of HTML for those who read none.
func plainText(source string) string {
	var out strings.Builder
	for source != "" {
		text, rest, found := strings.Cut(source, "<")
		out.WriteString(strings.Join(strings.Fields(html.UnescapeString(text)), " "))
		if source = rest; !found {
			break
		}
		tag, rest, _ := strings.Cut(source, ">")
		source = rest
		switch name, _, _ := strings.Cut(strings.ToLower(tag), " "); name {
		case "script", "style", "title", "head":
			source = source[endTag(source, "</"+name):]
		case "br", "br/", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/h4", "/table", "/ul", "/ol":
			out.WriteString("\n")
		default:
			out.WriteString(" ")
		}
	}
	return strings.TrimSpace(out.String())
}
