package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
)

// reporter tells what happened: as text, and with --json as one object a line.
type reporter struct {
	mu   sync.Mutex // a trace may come from the reader beside a writer
	text io.Writer
	json io.Writer // nil without --json

	dryRun  bool   // what the sink caught was not kept
	script  string // its path
	project string
	kept    []string // merges that keep the ledger
}

func (r *reporter) object(v map[string]any) {
	line, err := json.Marshal(v)
	if err != nil {
		line = []byte(fmt.Sprintf(`{"event":"error","text":%q}`, err))
	}
	fmt.Fprintf(r.json, "%s\n", line)
}

func (r *reporter) trace(e smtp.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.json == nil {
		fmt.Fprintln(r.text, e)
		return
	}
	r.object(map[string]any{
		"event": "trace", "direction": string(rune(e.Direction)), "bytes": e.Bytes, "elapsed": e.Elapsed.Seconds(), "text": e.Text,
	})
}

func (r *reporter) result(e luaapi.Event) {
	if r.json == nil {
		return
	}
	recipients := make([]map[string]any, len(e.Result.Recipients))
	for i, recipient := range e.Result.Recipients {
		recipients[i] = withReply(map[string]any{"address": recipient.Address, "outcome": recipient.Outcome}, recipient.Reply)
	}
	event := withReply(map[string]any{
		"event": "result", "message_id": e.MessageID, "account": e.Account, "outcome": e.Result.Outcome, "recipients": recipients,
	}, e.Result.Reply)
	if e.Fault != nil {
		event["error"] = e.Fault.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.object(event)
}

func (r *reporter) progress(merge string, p delivery.Progress) {
	event := withCounts(map[string]any{
		"event": "progress", "run": merge, "total": p.Total, "waiting": p.Waiting, "elapsed": p.Elapsed.Seconds(),
		"per_second": p.PerSecond, "connections": p.Connections,
	}, p.Counts)
	if p.Left > 0 {
		event["left"] = p.Left.Seconds()
	}
	if p.Trouble != nil {
		event["trouble"] = p.Trouble.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.object(event)
}

func (r *reporter) merged(merge string, n delivery.Counts, elapsed time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.object(withCounts(map[string]any{"event": "merged", "run": merge, "elapsed": elapsed.Seconds()}, n))
}

func withCounts(object map[string]any, n delivery.Counts) map[string]any {
	for name, count := range map[string]int64{
		"rows": n.Rows, "sent": n.Sent, "failed": n.Failed, "deferred": n.Deferred, "in_doubt": n.InDoubt, "skipped": n.Skipped,
		"suppressed": n.Suppressed, "duplicates": n.Duplicates, "already_sent": n.AlreadySent, "untried": n.Untried,
	} {
		object[name] = count
	}
	return object
}

func withReply(object map[string]any, reply smtp.Reply) map[string]any {
	if reply.Code != 0 {
		object["code"], object["text"] = reply.Code, reply.Text()
	}
	if reply.Enhanced != "" {
		object["enhanced"] = reply.Enhanced
	}
	return object
}

func (r *reporter) caught(s *sink.Sink) {
	noun := "messages"
	if s.Count() == 1 {
		noun = "message"
	}
	if r.dryRun {
		if r.json == nil {
			fmt.Fprintf(r.text, "mailscript: dry run: %d %s built, nothing sent\n", s.Count(), noun)
			return
		}
		r.object(map[string]any{"event": "dry-run", "built": s.Count()})
		return
	}
	if r.json == nil {
		fmt.Fprintf(r.text, "mailscript: caught %d %s in %s\n", s.Count(), noun, s.Dir())
		return
	}
	r.object(map[string]any{"event": "sink", "caught": s.Count(), "folder": s.Dir()})
}

// end sums up: in words only where something needs attention.
func (r *reporter) end(api *luaapi.API, status int, err error) {
	t := api.Tally()
	if r.json != nil {
		object := map[string]any{
			"event": "end", "status": status, "sent": t.Sent, "failed": t.Failed, "deferred": t.Deferred,
			"in_doubt": t.InDoubt, "handled": t.Handled,
		}
		if err != nil {
			text, hint := explain(err)
			object["error"] = text
			if hint != "" {
				object["hint"] = hint
			}
		}
		r.object(object)
		return
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{t.InDoubt, "in doubt"}, {t.Failed, "failed"}, {t.Deferred, "deferred"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(parts) == 0 {
		return
	}
	fmt.Fprintf(r.text, "mailscript: not delivered: %s (sent: %d)\n", strings.Join(parts, ", "), t.Sent)
	var hints []string
	for _, u := range api.Undelivered() {
		switch {
		case u.Reply.Code != 0:
			fmt.Fprintf(r.text, "mailscript:   %s: %s\n", u.Recipient, u.Reply)
		case u.Outcome == smtp.InDoubt:
			fmt.Fprintf(r.text, "mailscript:   %s: in doubt: the end of the message was written and never answered\n", u.Recipient)
		}
		if u.Hint != "" && !slices.Contains(hints, u.Hint) {
			hints = append(hints, u.Hint)
		}
	}
	if why := r.whereWhy(t); why != "" {
		hints = append(hints, why)
	}
	for _, hint := range hints {
		fmt.Fprintf(r.text, "mailscript: hint: %s\n", hint)
	}
}

// whereWhy says which command tells why rows of merges were not sent.
func (r *reporter) whereWhy(t luaapi.Tally) string {
	if len(r.kept) == 0 {
		return ""
	}
	why := advised("status", r.kept[0], r.project) + " says why"
	if len(r.kept) > 1 {
		why = advised("status", "RUN", r.project) + " says why, of each merge"
	}
	if t.Failed > 0 && r.script != "-" {
		why += "; mailscript check " + quoteArg(r.script) + " lists rows that are wrong themselves"
	}
	return why
}
