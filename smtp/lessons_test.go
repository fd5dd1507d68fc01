package smtp

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp/smtptest"
)

// greets makes a server say who it is.
func greets(text string) smtptest.Rule {
	return smtptest.Rule{At: smtptest.Greeting, Do: smtptest.Act{Reply: smtptest.Reply{Code: 220, Lines: []string{text}}}}
}

// Exim is sent no RSET that does not follow a refused transaction, and Dovecot no
// command behind a message.
func TestManners(t *testing.T) {
	refuses := smtptest.Rule{At: smtptest.Rcpt, Call: 3, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}}
	both := smtptest.Rule{At: smtptest.Rcpt, Call: 4, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}}
	for _, test := range []struct {
		name, greeting string
		transfer       Transfer
		resets         int
		want           string
		ahead          bool // of the reply to a message
	}{
		{"unknown", "mx ESMTP", "", 20, "BDAT", true},
		{"Exim", "mx ESMTP Exim 4.96 Thu", "", 1, "DATA", true},
		{"Exim, BDAT asked for", "mx ESMTP Exim 4.96 Thu", TransferBdat, 20, "BDAT", true},
		{"Dovecot", "mx Dovecot (Debian) ready.", TransferData, 1, "DATA", false},
		{"Dovecot, chunks", "mx Dovecot (Debian) ready.", "", 20, "BDAT", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{greets(test.greeting), refuses, both}})
			list, err := results(s.Stream(t.Context(), numbered(20), StreamOptions{Transfer: test.transfer}))
			if err != nil || len(list) != 20 {
				t.Fatal(len(list), err)
			}
			for i, r := range list {
				if want := map[bool]Outcome{true: Failed, false: Sent}[i == 1]; r.Outcome != want {
					t.Errorf("message %d: %s", i+1, r.Outcome)
				}
			}
			seen := record()
			resets := 0
			for _, verb := range seen.Verbs() {
				if verb == "RSET" {
					resets++
				}
			}
			if resets != test.resets {
				t.Errorf("%d RSETs, want %d", resets, test.resets)
			}
			if got := seen.Messages[len(seen.Messages)-1].Transfer; got != test.want {
				t.Errorf("messages travel with %s, want %s", got, test.want)
			}
		})
	}
}

// A server that hangs up at RSET, once it has refused a few, is spared them from
// then on; one that hangs up at whatever comes behind a message, that.
func TestLearnFromEnd(t *testing.T) {
	options := func(s *Session) Options { return s.options }
	t.Run("counts", func(t *testing.T) {
		s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{
			{At: smtptest.Mail, Call: 3, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}},
			{At: smtptest.Rset, Call: 5, Do: smtptest.Act{Reply: smtptest.Reply{Code: 554}, Then: smtptest.Close}},
		}})
		list, err := results(s.Stream(t.Context(), numbered(20), StreamOptions{}))
		record()
		if wantFault(t, err, KindRefused); list[3].Outcome != Sent || list[4].Outcome != InDoubt {
			t.Errorf("%v", list[4])
		}
		if l := options(s).Lessons.about(s.Target()); l.counts {
			// MAIL was refused: no transaction was open, so RSET is not counted.
			t.Error("learned from a refused MAIL")
		}
	})
	t.Run("counts refused recipients", func(t *testing.T) {
		s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{
			{At: smtptest.Rcpt, Call: 3, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}},
			{At: smtptest.Rcpt, Call: 4, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550}}},
			{At: smtptest.Rset, Call: 5, Do: smtptest.Act{Reply: smtptest.Reply{Code: 554}, Then: smtptest.Close}},
		}})
		_, err := results(s.Stream(t.Context(), numbered(20), StreamOptions{}))
		record()
		wantFault(t, err, KindRefused)
		if !options(s).Lessons.about(s.Target()).counts {
			t.Error("not learned")
		}
	})
	t.Run("fragile", func(t *testing.T) {
		s, record := streamTo(t, smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 1, Do: smtptest.Act{Mute: true, Then: smtptest.Close}}}})
		list, err := results(s.Stream(t.Context(), numbered(20), StreamOptions{Transfer: TransferData}))
		record()
		wantFault(t, err, KindLost)
		if list[0].Outcome != InDoubt || list[1].Outcome != Deferred {
			t.Errorf("%s, %s", list[0].Outcome, list[1].Outcome)
		}
		lessons := options(s).Lessons
		if !lessons.about(s.Target()).fragile {
			t.Fatal("not learned")
		}
		again, record := streamTo(t, smtptest.Server{})
		again.options.Lessons = lessons
		if _, err := results(again.Stream(t.Context(), numbered(5), StreamOptions{Transfer: TransferData})); err != nil {
			t.Fatal(err)
		}
		if verbs := record().Verbs(); slices.Contains(verbs, "RSET") || strings.Count(strings.Join(verbs, " "), "MAIL RCPT RCPT DATA") != 5 {
			t.Errorf("%q", verbs)
		}
	})
}
