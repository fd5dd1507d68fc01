package lint

import (
	"slices"
	"strings"

	"github.com/mailscript/mailscript/mime/dkim"
)

// maxSignatures is how many signatures are looked at. Verifiers stop earlier.
const maxSignatures = 50

// checkTrust looks at the signatures, and at what unsubscribing needs.
func (c *checker) checkTrust() {
	post, hasPost := c.root.get("List-Unsubscribe-Post")
	unsubscribe, hasUnsubscribe := c.root.get("List-Unsubscribe")
	if hasPost {
		switch {
		case !strings.EqualFold(strings.ReplaceAll(post.value, " ", ""), "List-Unsubscribe=One-Click"):
			c.add("unsubscribe-https", c.root.at(post), "is not List-Unsubscribe=One-Click (RFC 8058, section 3.1)")
		case !hasUnsubscribe:
			c.add("unsubscribe-https", c.root.at(post), "there is no List-Unsubscribe to post to")
		case !strings.Contains(strings.ToLower(unsubscribe.value), "<https://"):
			c.add("unsubscribe-https", c.root.at(unsubscribe), "has no https address (RFC 8058, section 3.1)")
		}
	}
	from := fromDomains(c.root)
	var signatures, covering, aligned int
	var first field
	var domains []string
	for _, f := range c.root.fields {
		if !strings.EqualFold(f.name, "DKIM-Signature") || signatures == maxSignatures {
			continue
		}
		if signatures++; signatures == 1 {
			first = f
		}
		tags, duplicate := readTags(f.value)
		if reason := signatureFault(tags, duplicate); reason != "" {
			c.add("dkim-malformed", c.root.at(f), "%s", reason)
			aligned++ // one finding is enough
			covering++
			continue
		}
		if _, ok := tags["l"]; ok {
			c.add("dkim-length", c.root.at(f), "covers only the first %s octets of the body", shown(tags["l"]))
		}
		covered := signedNames(tags["h"])
		if slices.Contains(covered, "list-unsubscribe") && slices.Contains(covered, "list-unsubscribe-post") {
			covering++
		}
		if suits(from, tags["d"]) {
			aligned++
		}
		if !slices.Contains(domains, tags["d"]) {
			domains = append(domains, tags["d"])
		}
	}
	if signatures == 0 {
		return // the server may sign
	}
	if hasPost && hasUnsubscribe && covering == 0 {
		c.add("unsubscribe-unsigned", c.root.at(post), "no signature covers it and List-Unsubscribe")
	}
	if aligned == 0 && len(from) > 0 {
		c.add("dkim-unaligned", c.root.at(first), "the signatures are of %s, the From field is of %s", shown(strings.Join(domains, ", ")), shown(strings.Join(from, ", ")))
	}
}

func fromDomains(root *entity) []string {
	f, _ := root.get("From")
	return dkim.FromDomains(f.value)
}

func suits(from []string, domain string) bool {
	for _, f := range from {
		if dkim.Align(f, domain) == dkim.Unaligned {
			return false
		}
	}
	return true
}

// readTags reads a tag list (RFC 6376, section 3.2).
func readTags(value string) (tags map[string]string, duplicate bool) {
	tags = map[string]string{}
	for tag := range strings.SplitSeq(value, ";") {
		name, value, found := strings.Cut(tag, "=")
		name = strings.TrimSpace(name)
		if !found {
			continue
		}
		if _, twice := tags[name]; twice {
			duplicate = true
		}
		tags[name] = strings.Join(strings.Fields(value), "")
	}
	return tags, duplicate
}

func signedNames(h string) []string { return strings.Split(strings.ToLower(h), ":") }

// signatureFault says what makes every verifier ignore a signature, or "".
func signatureFault(tags map[string]string, duplicate bool) string {
	if duplicate {
		return "has a tag twice"
	}
	for _, name := range []string{"v", "a", "b", "bh", "d", "h", "s"} {
		if tags[name] == "" {
			return "has no " + name + "= tag"
		}
	}
	if tags["v"] != "1" {
		return "is of another version than 1"
	}
	if !slices.Contains(signedNames(tags["h"]), "from") {
		return "does not cover From"
	}
	return ""
}
