package main

import (
	"context"
	"errors"
	"io"

	"github.com/mailscript/mailscript/smtp"
)

// stream lets the session keep several messages on their way.
func stream(ctx context.Context, s *smtp.Session, m mail, n int) error {
	left := n
	st := s.Stream(ctx, func() (smtp.Mail, error) {
		if left == 0 {
			return smtp.Mail{}, io.EOF
		}
		left--
		return smtp.Mail{Envelope: m.envelope, Content: m.content}, nil
	}, smtp.StreamOptions{Transfer: m.transfer})
	for {
		result, err := st.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := sent(result); err != nil {
			return err
		}
	}
}
