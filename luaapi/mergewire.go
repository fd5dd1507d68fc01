package luaapi

import (
	"context"

	"github.com/mailscript/mailscript/smtp"
)

// connector opens sessions with an account's server and logs in, on any goroutine.
// Secrets are read now: whoever has to be asked is asked by the script's thread.
func (c *Call) connector(a account) func(context.Context) (*smtp.Session, error) {
	c.checkNotRefused(a)
	o := a.options
	o.Lessons = c.lessons
	var login func(context.Context, *smtp.Session) (smtp.Reply, error)
	if a.credentials.Username != "" {
		var err error
		if login, err = c.login(a, a.credentials); err != nil {
			c.Fail(err)
		}
	}
	rehearsal := c.options.Rehearsal
	return func(ctx context.Context) (*smtp.Session, error) {
		var s *smtp.Session
		var err error
		if a.mx != "" {
			s, err = smtp.ConnectMX(ctx, a.mx, o)
		} else {
			s, err = smtp.Connect(ctx, o)
		}
		if err != nil {
			return nil, err
		}
		if login == nil || rehearsal && !s.Capabilities().Has("AUTH") {
			return s, nil
		}
		if _, err := login(ctx, s); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}
}
