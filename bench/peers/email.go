package main

import (
	"errors"
	"time"

	"github.com/jordan-wright/email"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

// sendTimeout is how long Pool.Send may wait for its only connection.
const sendTimeout = time.Minute

func sendEmail(job client.Job, n int) error {
	if job.TLS == client.Implicit {
		return errors.New("no implicit TLS")
	}
	pool, err := email.NewPool(job.Address, 1, nil, job.TLSConfig())
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetHelloHostname(client.LocalName)
	body := letter.Body(job.Size)
	for range n {
		m := email.NewEmail()
		m.From = "Sender <" + letter.From + ">"
		m.To = []string{"Recipient <" + letter.To + ">"}
		m.Subject = letter.Subject
		m.Text = body
		if err := pool.Send(m, sendTimeout); err != nil {
			return err
		}
	}
	return nil
}
