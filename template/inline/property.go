package inline

import "strings"

// overlap says whether two properties set something in common: one is a shorthand of the
// other, or of a part of it. In doubt it says yes.
func overlap(a, b string) bool {
	if a == b {
		return true
	}
	if strings.HasPrefix(a, "--") || strings.HasPrefix(b, "--") {
		return false
	}
	a, b = unprefixed(a), unprefixed(b)
	if a == b || a == "all" || b == "all" || within(a, b) || within(b, a) {
		return true
	}
	if a > b {
		a, b = b, a
	}
	switch {
	case strings.HasPrefix(a, "border-") && strings.HasPrefix(b, "border-"):
		return borders(a, b)
	case a == "font":
		return b == "line-height"
	case a == "columns":
		return strings.HasPrefix(b, "column-")
	case strings.HasPrefix(a, "place-"), strings.HasPrefix(b, "place-"):
		return strings.HasSuffix(a, "-items") == strings.HasSuffix(b, "-items")
	case strings.HasPrefix(a, "flex") && strings.HasPrefix(b, "flex"):
		return true
	case strings.HasPrefix(a, "grid") && (strings.HasPrefix(b, "grid") || strings.HasSuffix(b, "gap")):
		return true
	case strings.HasSuffix(a, "gap") && strings.HasSuffix(b, "gap"):
		return true
	case a == "inset":
		return b == "left" || b == "right" || b == "top"
	case a == "bottom":
		return b == "inset"
	}
	// margin-inline sets margin-left: the axes of writing (CSS Logical Properties).
	first, rest, ok := strings.Cut(a, "-")
	other, more, both := strings.Cut(b, "-")
	if ok && both && first == other && (first == "margin" || first == "padding" || first == "inset" || first == "overflow") {
		return logical(rest) || logical(more)
	}
	return (strings.HasSuffix(a, "-size") && logical(strings.TrimPrefix(strings.TrimPrefix(a, "min-"), "max-"))) ||
		(strings.HasSuffix(b, "-size") && logical(strings.TrimPrefix(strings.TrimPrefix(b, "min-"), "max-")))
}

func within(long, short string) bool {
	return len(long) > len(short) && long[len(short)] == '-' && strings.HasPrefix(long, short)
}

func unprefixed(name string) string {
	for _, vendor := range []string{"-webkit-", "-moz-", "-ms-", "-o-"} {
		if rest, ok := strings.CutPrefix(name, vendor); ok {
			return rest
		}
	}
	return name
}

func logical(part string) bool {
	return strings.HasPrefix(part, "inline") || strings.HasPrefix(part, "block")
}

// borders tells border-top and border-color, which meet, from border-top and border-left,
// which do not. The radii, the collapsing and the image are families of their own.
func borders(a, b string) bool {
	side, part, family := border(a)
	otherSide, otherPart, otherFamily := border(b)
	return family == otherFamily && (side == "" || otherSide == "" || side == otherSide || logical(side) || logical(otherSide)) &&
		(part == "" || otherPart == "" || part == otherPart)
}

func border(name string) (side, part, family string) {
	rest := strings.TrimPrefix(name, "border-")
	for _, family := range []string{"radius", "collapse", "spacing", "image"} {
		if strings.HasPrefix(rest, family) || strings.HasSuffix(rest, "-"+family) {
			return "", "", family
		}
	}
	for _, part := range []string{"color", "style", "width"} {
		if rest == part {
			return "", part, ""
		}
		if side, ok := strings.CutSuffix(rest, "-"+part); ok {
			return side, part, ""
		}
	}
	return rest, "", ""
}
