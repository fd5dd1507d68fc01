package server

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameter is an esmtp-param: RFC 5321, section 4.1.2.
type parameter struct {
	keyword  string // in upper case
	value    string
	hasValue bool
}

var (
	replyBadParameter     = Reply{501, "5.5.4", "malformed parameter"}
	replyUnknownParameter = Reply{555, "5.5.4", "parameter not recognised"} // RFC 5321, section 4.1.1.11
)

// parseParameters splits what follows a path. A keyword twice is an error of
// every extension that has one.
func parseParameters(text string) ([]parameter, bool) {
	var list []parameter
	for field := range strings.SplitSeq(text, " ") {
		if field == "" {
			continue // QUIRK: several spaces, which senders do not agree upon
		}
		keyword, value, hasValue := strings.Cut(field, "=")
		keyword = strings.ToUpper(keyword)
		if keyword == "" || keyword[0] == '-' || hasValue && (value == "" || strings.Contains(value, "=")) {
			return nil, false
		}
		for i := range len(keyword) {
			if !isAlphanumeric(keyword[i]) && keyword[i] != '-' {
				return nil, false
			}
		}
		if slices.ContainsFunc(list, func(p parameter) bool { return p.keyword == keyword }) {
			return nil, false
		}
		list = append(list, parameter{keyword, value, hasValue})
	}
	return list, true
}

// senderParameter stores a parameter of MAIL; the zero Reply says it was good.
func (s *session) senderParameter(sender *Sender, p parameter) Reply {
	switch {
	case p.keyword == "SIZE" && s.extended(Size):
		return s.declaredSize(sender, p)
	case p.keyword == "BODY" && s.extended(EightBitMIME):
		sender.Body = BodyType(strings.ToUpper(p.value))
		switch sender.Body {
		case Body7Bit, Body8Bit:
			return Reply{}
		case BodyBinary:
			if s.extended(BinaryMIME) {
				return Reply{}
			}
		}
		return Reply{501, "5.5.4", "unknown body type"}
	case p.keyword == "SMTPUTF8" && s.extended(SMTPUTF8):
		sender.UTF8 = true
		if p.hasValue { // RFC 6531, section 3.4
			return replyBadParameter
		}
		return Reply{}
	case p.keyword == "RET" && s.extended(DSN):
		sender.Return = strings.ToUpper(p.value)
		if sender.Return != "FULL" && sender.Return != "HDRS" {
			return replyBadParameter
		}
		return Reply{}
	case p.keyword == "ENVID" && s.extended(DSN):
		decoded, ok := decodeXtext(p.value)
		if !ok || len(p.value) > maxEnvelopeID {
			return replyBadParameter
		}
		sender.EnvelopeID = decoded
		return Reply{}
	case p.keyword == "AUTH" && s.extended(Auth):
		decoded, ok := decodeXtext(p.value)
		if !ok {
			return replyBadParameter
		}
		if decoded != "<>" {
			if _, err := parsePath("<"+decoded+">", forwardPath); err != nil {
				return replyBadParameter
			}
		}
		sender.Submitter = decoded
		return Reply{}
	case p.keyword == "REQUIRETLS" && s.extended(RequireTLS):
		sender.RequireTLS = true
		return badUnless(!p.hasValue)
	case p.keyword == "BY" && s.extended(DeliverBy):
		sender.DeliverBy = p.value
		return badUnless(isDeliverBy(p.value))
	case (p.keyword == "HOLDFOR" || p.keyword == "HOLDUNTIL") && s.extended(FutureRelease):
		first := sender.Hold == "" // RFC 4865, section 5: one of them
		sender.Hold = p.keyword + "=" + p.value
		return badUnless(first && isHold(p))
	case p.keyword == "MT-PRIORITY" && s.extended(Priority):
		sender.Priority = p.value
		n, err := strconv.Atoi(p.value)
		return badUnless(err == nil && -9 <= n && n <= 9 && !strings.HasPrefix(p.value, "+"))
	}
	return replyUnknownParameter
}

func badUnless(good bool) Reply {
	if good {
		return Reply{}
	}
	return replyBadParameter
}

// isDeliverBy reads by-time ";" by-mode [by-trace]: RFC 2852, section 4.
func isDeliverBy(value string) bool {
	seconds, mode, _ := strings.Cut(value, ";")
	n, err := strconv.Atoi(seconds)
	mode = strings.TrimSuffix(strings.ToUpper(mode), "T")
	return err == nil && len(strings.TrimLeft(seconds, "+-")) <= 9 && (mode == "N" || mode == "R" && n > 0)
}

// isHold reads the value of HOLDFOR or HOLDUNTIL: RFC 4865, section 5.
func isHold(p parameter) bool {
	if p.keyword == "HOLDFOR" {
		n, err := strconv.Atoi(p.value)
		return err == nil && 0 < n && n <= holdLimit
	}
	until, err := time.Parse(time.RFC3339, p.value)
	return err == nil && time.Until(until) <= holdLimit*time.Second
}

// declaredSize is SIZE: RFC 1870, sections 6 and 6.1.
func (s *session) declaredSize(sender *Sender, p parameter) Reply {
	size, ok := parseOctets(p.value)
	switch {
	case !ok:
		return replyBadParameter
	case size > s.config.Limits.MessageSize:
		return replyTooLarge
	}
	sender.Size = size
	return Reply{}
}

// parseOctets reads 1*20DIGIT (RFC 1870, section 6; RFC 3030, section 2); what
// does not fit is the largest number there is.
func parseOctets(text string) (int64, bool) {
	if text == "" || len(text) > 20 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		size = math.MaxInt64
	}
	return size, true
}

// recipientParameter stores a parameter of RCPT.
func (s *session) recipientParameter(recipient *Recipient, p parameter) Reply {
	var ok bool
	switch {
	case p.keyword == "NOTIFY" && s.extended(DSN):
		recipient.Notify, ok = parseNotify(p.value)
	case p.keyword == "ORCPT" && s.extended(DSN):
		recipient.Original, ok = parseOriginal(p.value)
	default:
		return replyUnknownParameter
	}
	if !ok {
		return replyBadParameter
	}
	return Reply{}
}
