package smtp

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// XClient tells a Postfix that trusts the client whom it stands for (XCLIENT):
// attributes such as NAME, ADDR, HELO, LOGIN with their values. The server then
// begins anew, and EHLO is said again.
func (s *Session) XClient(ctx context.Context, attributes [][2]string) (Reply, error) {
	refuse := func(format string, a ...any) (Reply, error) {
		return Reply{}, &Error{Kind: KindArgument, Command: "XCLIENT", Err: &argumentError{fmt.Sprintf(format, a...)}}
	}
	offered, ok := s.caps.Parameters("XCLIENT")
	switch {
	case s.wire.usable("XCLIENT") != nil:
		return Reply{}, s.wire.usable("XCLIENT")
	case !ok:
		return Reply{}, &Error{Kind: KindRefused, Command: "XCLIENT", Err: ErrNotOffered}
	case s.open:
		return refuse("not within a transaction")
	case len(attributes) == 0:
		return refuse("no attributes given")
	}
	text := "XCLIENT"
	for _, attribute := range attributes {
		name := strings.ToUpper(attribute[0])
		if !slices.Contains(strings.Fields(strings.ToUpper(offered)), name) {
			return refuse("the server takes %s, not %q", offered, attribute[0])
		}
		text += " " + name + "=" + xtext(attribute[1])
	}
	reply, err := s.exchange(ctx, line{text: text, limit: s.options.Timeouts.Command, own: true})
	if err != nil || reply.Code != 220 {
		return reply, err
	}
	s.greeting, s.caps = reply, Capabilities{}
	_, err = s.Ehlo(ctx, "")
	return reply, err
}
