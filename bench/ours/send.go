package main

import (
	"context"

	"github.com/mailscript/mailscript/smtp"
)

// sendEach waits for each message's result.
func sendEach(ctx context.Context, s *smtp.Session, m mail, n int) error {
	for range n {
		result, err := s.Send(ctx, m.envelope, m.content, smtp.SendOptions{Transfer: m.transfer})
		if err != nil {
			return err
		}
		if err := sent(result); err != nil {
			return err
		}
	}
	return nil
}
