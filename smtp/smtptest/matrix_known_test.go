//go:build matrix

package smtptest_test

import "regexp"

// known are cells that the client does not get right yet, by their names, and
// why. A row goes when its cells pass.
var known = []struct {
	cells  *regexp.Regexp
	reason string
}{}

func knownReason(name string) string {
	for _, k := range known {
		if k.cells.MatchString(name) {
			return k.reason
		}
	}
	return ""
}

// knownOfStreams are complaints about cells of streams that are no news, and why.
// A row goes when nothing is counted for it.
var knownOfStreams = []struct {
	cells, complaint *regexp.Regexp
	reason           string
}{}

// news leaves what is not known of what is wrong with a cell of a stream.
func (s *tally) news(name string, wrong []string) (left []string) {
	for _, complaint := range wrong {
		reason := ""
		for _, k := range knownOfStreams {
			if k.cells.MatchString(name) && k.complaint.MatchString(complaint) {
				reason = k.reason
			}
		}
		if reason == "" {
			left = append(left, complaint)
			continue
		}
		s.add(s.known, reason)
	}
	return left
}
