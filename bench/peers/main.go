// Command peers sends with other Go libraries, each as its documentation has it,
// over one connection that is kept for all messages.
//
//	peers -address HOST:PORT -with LIBRARY [-n 1000] [-c 1] [-size 1024] [-tls implicit -roots FILE]
//
//	net/smtp      the standard library
//	go-smtp       github.com/emersion/go-smtp
//	go-mail       github.com/wneessen/go-mail
//	go-mail-bare  the same without its NOOP and RSET around each message
//	gomail.v2     gopkg.in/gomail.v2
//	email         github.com/jordan-wright/email; no implicit TLS
//
// net/smtp and go-smtp send a finished message; the others build each of theirs,
// because they have no other way.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mailscript/mailscript/bench/client"
)

var libraries = map[string]client.Send{
	"net/smtp":     sendNetSMTP,
	"go-smtp":      sendGoSMTP,
	"go-mail":      sendGoMail,
	"go-mail-bare": sendGoMailPlain,
	"gomail.v2":    sendGomail,
	"email":        sendEmail,
}

func main() {
	var job client.Job
	job.Flags(flag.CommandLine)
	with := flag.String("with", "net/smtp", "the library")
	flag.Parse()
	if err := run(job, *with); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(job client.Job, with string) error {
	send, ok := libraries[with]
	if !ok {
		return fmt.Errorf("unknown library %q", with)
	}
	report, err := client.Run(job, send)
	if err != nil {
		return fmt.Errorf("%s: %w", with, err)
	}
	report.What = with
	return report.Write(os.Stdout)
}
