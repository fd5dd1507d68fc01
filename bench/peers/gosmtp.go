package main

import (
	"bytes"

	"github.com/emersion/go-smtp"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

func sendGoSMTP(job client.Job, n int) error {
	message := letter.Message(job.Size)
	conn, err := job.Dial()
	if err != nil {
		return err
	}
	c := smtp.NewClient(conn)
	if job.TLS == client.StartTLS {
		if c, err = smtp.NewClientStartTLS(conn, job.TLSConfig()); err != nil {
			return err
		}
	}
	defer c.Close()
	for range n {
		if err := c.SendMail(letter.From, []string{letter.To}, bytes.NewReader(message)); err != nil {
			return err
		}
	}
	return c.Quit()
}
