// Command build makes messages, with this repository's package mime or with a
// library of others, and throws them away.
//
//	build -what letter|attachments|base64 -with BUILDER [-n 1000]
//
//	letter       text and HTML, 4 KB together, a few letters of it not ASCII
//	attachments  the same with an inline picture of 90 KB and a PDF of 500 KB, the
//	             same for all messages
//	base64       a short text and 1 MB that is another attachment each time
//
// The builders are ours, standard library, gomail.v2, enmime, go-message and
// go-mail. All build the same: the levels a message needs and no others, From, To,
// Subject, Date and Message-ID, texts as quoted-printable, files as base64. Each message
// has a salutation of its own, and is written out, through a buffer as on its way to a
// connection. Texts and files are there before the clock starts.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/mailscript/mailscript/bench/client"
)

// maker writes message i.
type maker func(w io.Writer, i int) error

// builders prepare what a library can share between messages.
var builders = map[string]func(*letter) (maker, error){
	"ours":             prepareOurs,
	"standard library": prepareStandard,
	"gomail.v2":        prepareGomail,
	"enmime":           prepareEnmime,
	"go-message":       prepareGoMessage,
	"go-mail":          prepareGoMail,
}

func main() {
	what := flag.String("what", "letter", "letter, attachments or base64")
	with := flag.String("with", "ours", "the builder")
	n := flag.Int("n", 1000, "messages")
	flag.Parse()
	if err := run(*what, *with, *n); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(what, with string, n int) error {
	l, ok := newLetter(what)
	if !ok {
		return fmt.Errorf("no message %q", what)
	}
	prepare, ok := builders[with]
	if !ok {
		return fmt.Errorf("no builder %q", with)
	}
	report, err := client.Measure(n, func() error {
		build, err := prepare(l)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(io.Discard)
		for i := range n {
			if err := build(w, i); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", with, err)
	}
	report.What = with
	return report.Write(os.Stdout)
}
