// Command merge does a whole mail merge: rows of ten columns from a CSV file, a
// template with text and HTML, a message for each row, one connection.
//
//	merge -address HOST:PORT [-with STACK] [-letter offers|plain] [-n 1000]
//	      [-tls implicit -roots FILE] [-cpuprofile FILE]
//
//	ours        what `mailscript run --sink` does with a script that calls merge.run
//	ledger      what `mailscript run` does, with the ledger in the folder for temporary files
//	net/smtp    encoding/csv, text/template and html/template, mime/multipart, net/smtp
//	go-mail     the same with github.com/wneessen/go-mail, without its NOOP and RSET
//	nodemailer  merge.js: readline, template literals, nodemailer; needs node
//	python      merge.py: csv, jinja2, email, smtplib; needs python3
//
// Without a server, parts of it: rows and encoding/csv read the file, template and
// html/template fill the letter, text and HTML.
//
// All have the same rows and the same letter. The file of rows is written before
// the clock starts. Ours is what the binary runs, in this process, so that a
// profile can be taken.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mailscript/mailscript/bench/client"
)

// work is a merge that is about to be run: its folder holds rows.csv.
type work struct {
	folder string
	letter letter
}

// stacks do the merge of n rows.
var stacks = map[string]func(work, client.Job, int) error{
	"ours":     sendOurs,
	"ledger":   sendRemembering,
	"net/smtp": sendNetSMTP,
	"go-mail":  sendGoMail,
}

func main() {
	var job client.Job
	job.Flags(flag.CommandLine)
	with := flag.String("with", "ours", "the stack")
	kind := flag.String("letter", "offers", "offers has a list in its data, plain only the row")
	flag.Parse()
	if err := run(job, *with, *kind); err != nil {
		fmt.Fprintln(os.Stderr, "merge:", err)
		os.Exit(1)
	}
}

func run(job client.Job, with, kind string) error {
	l, err := letterOf(kind)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "merge")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	w := work{folder, l}
	if err := writeRows(w.rows(), job.Messages); err != nil {
		return err
	}
	if program, ok := programs[with]; ok {
		return program.run(w, job)
	}
	if stage, ok := stages[with]; ok {
		return finish(job, with, func(_ client.Job, n int) error { return stage(w, n) })
	}
	send, ok := stacks[with]
	if !ok {
		return fmt.Errorf("unknown stack %q", with)
	}
	return finish(job, with, func(job client.Job, n int) error { return send(w, job, n) })
}

func finish(job client.Job, with string, send client.Send) error {
	report, err := client.Run(job, send)
	if err != nil {
		return fmt.Errorf("%s: %w", with, err)
	}
	report.What = with
	return report.Write(os.Stdout)
}
