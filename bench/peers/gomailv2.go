package main

import (
	"gopkg.in/gomail.v2"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

func sendGomail(job client.Job, n int) error {
	host, port, err := job.HostPort()
	if err != nil {
		return err
	}
	dialer := gomail.NewDialer(host, port, "", "")
	dialer.LocalName = client.LocalName
	dialer.TLSConfig = job.TLSConfig()
	dialer.SSL = job.TLS == client.Implicit
	sender, err := dialer.Dial()
	if err != nil {
		return err
	}
	body := string(letter.Body(job.Size))
	for range n {
		m := gomail.NewMessage(gomail.SetEncoding(gomail.Unencoded))
		m.SetAddressHeader("From", letter.From, "Sender")
		m.SetAddressHeader("To", letter.To, "Recipient")
		m.SetHeader("Subject", letter.Subject)
		m.SetBody("text/plain", body)
		if err := gomail.Send(sender, m); err != nil {
			return err
		}
	}
	return sender.Close()
}
