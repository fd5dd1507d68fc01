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
}{
	{
		regexp.MustCompile(`^stream_(RSET|RCPT_[12])/421_4\.3\.2/.*BDAT,_W=`),
		regexp.MustCompile(`"deferred", and the server may have it|2 copies`),
		"421 to a command behind which the whole message was sent: deferred, though no reply to the message came",
	},
	{
		regexp.MustCompile(`^stream_LMTP_2/.*W=64$`),
		regexp.MustCompile(`"in_doubt", and the server has answered`),
		"garbage in answer to the second recipient takes back what was said to the first",
	},
	{
		regexp.MustCompile(`^stream_(text_|probe_EHLO)`),
		regexp.MustCompile(`does not wait`),
		"while replies are awaited behind a write that failed, the stream is busy",
	},
	{
		regexp.MustCompile(`^stream_probe_`),
		regexp.MustCompile(`^1 messages were taken from the source, and 0 results`),
		"a probe that fails loses the message that was taken from the source for it",
	},
}

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
