package inline

import "strings"

// attributes returns the attributes of HTML that an element's styles amount to and that
// it does not have, as juice's options applyWidthAttributes, applyHeightAttributes and
// applyAttributesTableElements make them.
func (c *cascade) attributes(d *document) string {
	element := c.element.node.Data
	part := tableParts[element]
	sized := element == "table" || element == "td" || element == "th" || element == "img"
	if c.element.tag == nil || c.element.tag.unknown || !part && !sized {
		return ""
	}
	values := map[string]string{}
	for _, e := range c.entries { // the strongest comes last
		if e.moves || e.unit == nil && !e.declaration.action {
			values[e.declaration.name] = e.declaration.value
		}
	}
	var out strings.Builder
	add := func(name, value string) {
		for i := range c.element.tag.attributes {
			if c.element.tag.attributes[i].name == name {
				return
			}
		}
		if value != "" {
			out.WriteString(" " + name + `="` + escape(value, '"') + `"`)
		}
	}
	if sized {
		for _, name := range []string{"width", "height"} {
			value := values[name]
			number, pixels := strings.CutSuffix(value, "px")
			switch {
			case pixels && digits(number):
				add(name, number)
			case part && strings.HasSuffix(value, "%") && digits(strings.TrimSuffix(value, "%")):
				add(name, value)
			}
		}
	}
	if part {
		if value := values["background-color"]; !strings.Contains(value, "(") && value != "transparent" && value != "inherit" {
			add("bgcolor", value)
		}
		if value, ok := strings.CutPrefix(values["background-image"], "url("); ok && strings.HasSuffix(value, ")") {
			add("background", strings.Trim(strings.TrimSuffix(value, ")"), `"' `))
		}
		switch value := values["text-align"]; value {
		case "left", "right", "center", "justify":
			add("align", value)
		}
		switch value := values["vertical-align"]; value {
		case "top", "middle", "bottom", "baseline":
			add("valign", value)
		}
	}
	return out.String()
}

var tableParts = map[string]bool{
	"table": true, "th": true, "tr": true, "td": true, "caption": true, "colgroup": true, "col": true,
	"thead": true, "tbody": true, "tfoot": true,
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
