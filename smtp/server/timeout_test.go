package server

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// drip sends an octet every so often until the connection ends.
func (k *talk) drip(every time.Duration) {
	k.task.Go(func() {
		for {
			if _, err := io.WriteString(k.conn, "x"); err != nil {
				return
			}
			time.Sleep(every)
		}
	})
}

// Row U10: the time for a command is absolute, and octets that drip in do not prolong it.
func TestCommandTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, t.Context(), Config{Hostname: "mx.test"})
		k.say("", "220 mx.test ESMTP")
		start := time.Now()
		k.drip(20 * time.Second)
		k.say("", "421 4.4.2 timeout, closing connection")
		if took := time.Since(start); took != 5*time.Minute {
			t.Errorf("timeout after %v", took)
		}
		if err := k.ended(); err == nil {
			t.Error("no error")
		}
	})
}

func TestBodyTimeout(t *testing.T) {
	for _, begin := range []string{"DATA\r\n", "BDAT 1000000 LAST\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			handler := &recorder{}
			k := newTalk(t, t.Context(), Config{Handler: handler, Timeouts: Timeouts{Body: 10 * time.Minute}})
			k.say("", "220 localhost ESMTP")
			k.ehlo()
			k.say("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", "250 2.1.0 sender ok", "250 2.1.5 recipient ok")
			start := time.Now()
			k.say(begin)
			if strings.HasPrefix(begin, "DATA") {
				k.say("", "354 end with <CRLF>.<CRLF>")
			}
			k.drip(time.Minute + time.Second)
			k.say("", "421 4.4.2 timeout, closing connection")
			if took := time.Since(start); took != 10*time.Minute {
				t.Errorf("timeout after %v", took)
			}
			if err := k.ended(); err == nil || len(handler.messages) > 0 {
				t.Errorf("%v, messages %q", err, handler.messages)
			}
		})
	}
}

func TestHandshakeTimeout(t *testing.T) {
	serverTLS, _ := testTLS(t)
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, t.Context(), Config{TLS: serverTLS})
		k.say("", "220 localhost ESMTP")
		k.say("STARTTLS\r\n", "220 2.0.0 go ahead")
		start := time.Now()
		if err := k.ended(); err == nil || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// A client that sends commands and never reads is given up.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, t.Context(), Config{})
		start := time.Now()
		_, err := io.WriteString(k.conn, "NOOP\r\n") // the greeting is never read
		if err == nil {
			t.Error("the server went on")
		}
		k.task.Wait()
		if k.err == nil || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", k.err, time.Since(start))
		}
	})
}

func TestContextEndsIdleSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k := newTalk(t, ctx, Config{})
		k.say("", "220 localhost ESMTP")
		synctest.Wait()
		start := time.Now()
		cancel()
		k.say("", "421 4.3.2 shutting down, closing connection")
		if err := k.ended(); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// A message on its way may end within the grace, and the session ends behind it.
func TestContextSparesMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		handler := &recorder{}
		k := newTalk(t, ctx, Config{Hostname: "mx.test", Handler: handler})
		k.say("", "220 mx.test ESMTP")
		k.say(opening, strings.Split(strings.TrimSuffix(openingReplies, "\r\n"), "\r\n")[1:]...)
		cancel()
		time.Sleep(4 * time.Second)
		k.say("x\r\n.\r\n", "250 2.0.0 message accepted", "421 4.3.2 shutting down, closing connection")
		if err := k.ended(); err != nil || len(handler.messages) != 1 {
			t.Errorf("%v, messages %q", err, handler.messages)
		}
	})
}

func TestContextCutsSlowMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		handler := &recorder{}
		k := newTalk(t, ctx, Config{Hostname: "mx.test", Handler: handler})
		k.say("", "220 mx.test ESMTP")
		k.say(opening, strings.Split(strings.TrimSuffix(openingReplies, "\r\n"), "\r\n")[1:]...)
		start := time.Now()
		cancel()
		_, _ = io.ReadAll(k.in)
		k.task.Wait()
		if k.err == nil || time.Since(start) != 5*time.Second || len(handler.messages) > 0 {
			t.Errorf("%v after %v, messages %q", k.err, time.Since(start), handler.messages)
		}
	})
}
