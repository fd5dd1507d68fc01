// Command ours sends with the client of this repository, over one session for all
// messages.
//
//	ours -address HOST:PORT [-mode stream|send] [-transfer DATA|BDAT]
//	     [-n 1000] [-c 1] [-size 1024] [-tls implicit -roots FILE] [-login]
//
// Without -transfer the client chooses.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
	"github.com/mailscript/mailscript/smtp"
)

// modes send n messages over a session.
var modes = map[string]func(ctx context.Context, s *smtp.Session, m mail, n int) error{
	"send":   sendEach,
	"stream": stream,
}

// mail is what is sent over and over.
type mail struct {
	envelope smtp.Envelope
	content  smtp.Content
	transfer smtp.Transfer
}

func main() {
	var job client.Job
	job.Flags(flag.CommandLine)
	name := flag.String("mode", "stream", "send or stream")
	transfer := flag.String("transfer", "", "DATA or BDAT")
	flag.Parse()
	if err := run(job, *name, smtp.Transfer(*transfer)); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(job client.Job, name string, transfer smtp.Transfer) error {
	send := modes[name]
	if send == nil {
		return fmt.Errorf("unknown mode %q", name)
	}
	content := smtp.ContentOf(letter.Message(job.Size))
	report, err := client.Run(job, func(job client.Job, n int) error {
		ctx := context.Background()
		s, err := connect(ctx, job)
		if err != nil {
			return err
		}
		defer s.Close()
		m := mail{smtp.Envelope{From: letter.From, To: []string{letter.To}}, content, transfer}
		if err := send(ctx, s, m, n); err != nil {
			return err
		}
		_, err = s.Quit(ctx)
		return err
	})
	if err != nil {
		return err
	}
	report.What = name
	return report.Write(os.Stdout)
}

func connect(ctx context.Context, job client.Job) (*smtp.Session, error) {
	host, port, err := job.HostPort()
	if err != nil {
		return nil, err
	}
	s, err := smtp.Connect(ctx, smtp.Options{
		Host:      host,
		Port:      port,
		TLS:       smtp.TLSMode(job.TLS),
		RootCAs:   job.Roots(),
		LocalName: client.LocalName,
	})
	if err != nil || !job.Login {
		return s, err
	}
	_, err = s.Auth(ctx, smtp.Credentials{
		Username: "user",
		Password: smtp.NewSecret("password"),
		InClear:  job.TLS == client.Off,
	})
	return s, err
}

// sent reports a message that was not accepted as an error.
func sent(result smtp.Result) error {
	if result.Outcome != smtp.Sent {
		return fmt.Errorf("%s: %s", result.Outcome, result.Reply)
	}
	return nil
}
