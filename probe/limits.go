package probe

import (
	"strconv"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// limits takes down what the server says it takes.
func (p *prober) limits(offered smtp.Capabilities) {
	l := &p.target.Limits
	l.MessageSize = offered.MaxSize()
	parameters, _ := offered.Parameters("LIMITS")
	for _, word := range strings.Fields(parameters) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			continue // RFC 9422, section 3.1: what is not understood is ignored
		}
		switch strings.ToUpper(name) {
		case "MAILMAX":
			l.Messages = n
		case "RCPTMAX":
			l.Recipients = n
		case "RCPTDOMAINMAX":
			l.RecipientDomains = n
		}
	}
}
