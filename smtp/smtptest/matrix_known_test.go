//go:build matrix

package smtptest_test

import "regexp"

// known are cells that the client does not get right yet, by their names, and
// why. A row goes when its cells pass.
var known = []struct {
	cells  *regexp.Regexp
	reason string
}{
	{
		regexp.MustCompile(`^stream_(RSET|RCPT_[12])/421_4\.3\.2/.*BDAT,_W=`),
		"421 to a command behind which the whole message was sent: deferred, though no reply to the message came",
	},
	{
		regexp.MustCompile(`^stream_LMTP_2/(HTTP|NUL|bare_CR|blank_first|class_|codes_differ|dash|empty_line|four_|two_|full-width|junk|letter|lone_LF|long_line|short|wrong|129_lines|endless|all_but_CRLF|half_second|a_code|half_)`),
		"garbage in answer to the second recipient takes back what was said to the first",
	},
	{
		regexp.MustCompile(`^stream_probe_`),
		"a probe that fails loses the message that was taken from the source for it",
	},
}

func knownReason(name string) string {
	for _, k := range known {
		if k.cells.MatchString(name) {
			return k.reason
		}
	}
	return ""
}
