package template

import (
	"net/url"
	"strings"
)

func urlEscape(s string) string { return url.QueryEscape(s) }

// query: {{query "utm_source" "mail" "id" .id}} is the query of an address.
func query(_ *run, args []any) (any, error) {
	out, err := appendQuery(nil, args)
	return string(out), err
}

func appendQuery(out []byte, pairs []any) ([]byte, error) {
	if len(pairs)%2 != 0 {
		return nil, mistakef("a name without a value").withHint(`give names and values in turn: "id" .id`)
	}
	for i := 0; i < len(pairs); i += 2 {
		name, err := text(pairs[i])
		if err != nil {
			return nil, err
		}
		value, err := text(pairs[i+1])
		if err != nil {
			return nil, err
		}
		if len(out) > 0 {
			out = append(out, '&')
		}
		out = append(out, url.QueryEscape(name)...)
		out = append(out, '=')
		out = append(out, url.QueryEscape(value)...)
	}
	return out, nil
}

// link: {{link "https://bank.example/offer?a=1#top" "id" .id}} adds parameters to an
// address, before its fragment (RFC 3986, section 3).
func link(_ *run, args []any) (any, error) {
	address, err := text(args[0])
	if err != nil {
		return nil, err
	}
	added, err := appendQuery(nil, args[1:])
	if err != nil || len(added) == 0 {
		return address, err
	}
	address, fragment, found := strings.Cut(address, "#")
	if found {
		fragment = "#" + fragment
	}
	separator := "?"
	if _, present, ok := strings.Cut(address, "?"); ok {
		separator = "&"
		if present == "" || strings.HasSuffix(present, "&") {
			separator = ""
		}
	}
	return address + separator + string(added) + fragment, nil
}
