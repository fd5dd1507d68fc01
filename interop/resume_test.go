//go:build interop && linux

package interop

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMergeExamples runs the examples about merges that are interrupted and refused for
// now as they are, against a Postfix that greylists: it asks each recipient to come back
// in a second. Ann, bob and carla have a mailbox, dan and eve have none.
func TestMergeExamples(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	config := filepath.Join(filepath.Dir(p.log), "config")
	grey := startGreylist(t)
	run(t, "", require(t, "postconf"), "-c", config, "-e", "virtual_alias_maps = inline:{ carla@example.org=ann@example.org }",
		"smtpd_recipient_restrictions = reject_unlisted_recipient, check_policy_service inet:"+grey.address)
	run(t, "", require(t, "postfix"), "-c", config, "reload")
	folder := project(t, account(p.implicit, "implicit"), password, p.ca)
	for _, name := range []string{"resumed.lua", "retries.lua", "people.csv"} {
		copyFile(t, filepath.Join(folder, name), filepath.Join("../examples", name))
	}

	for _, step := range []struct {
		args   string
		status int
		stdout string // a pattern
	}{
		{"run retries.lua", 0, `(?:(?:ann|bob|carla)@example.org\tsent\n){3}3 sent, 0 for later, 1 failed, 0 in doubt\n`},
		{"suppressions", 0, `(?s).*dan@example.org .*unknown on 2026-11-26\n`},
		{"run --limit 2 resumed.lua", 0, ``},
		{"status reminder-2026-11", 0, `(?s).*  2  sent\n  2  planned .*  1  suppressed .*`},
		// Dan is on the list since the first merge, and there is no eve.
		{"resume reminder-2026-11", 69, `2 have it, 3 do not\n1 sent now, 2 before, 2 of 5 have none\n`},
		{"run resumed.lua", 65, `3 have it, 2 do not\n`},
	} {
		r := mailscript(t, folder, strings.Fields(step.args)...)
		noSecret(t, password, r)
		if r.status != step.status || !regexp.MustCompile("^(?:"+step.stdout+")$").MatchString(r.stdout) {
			t.Fatalf("%s: %s; want %d and %s", step.args, r, step.status, step.stdout)
		}
	}
	if diff := cmp.Diff([]string{"ann@example.org", "bob@example.org", "carla@example.org"}, grey.greeted()); diff != "" {
		t.Errorf("greylisted (-want +got):\n%s", diff)
	}
	want := map[string]int{"Hello Ann Example": 1, "Hello Bob & Sons": 1, "Hello Carla Muster": 1, "Your fee for 2027": 3}
	if diff := cmp.Diff(want, p.stored(t, "ann", "bob")); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// greylist is a policy server of Postfix (SMTPD_POLICY_README) that defers the first
// message to everybody.
type greylist struct {
	address string
	mu      sync.Mutex
	known   map[string]bool
}

func startGreylist(t *testing.T) *greylist {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &greylist{address: listener.Addr().String(), known: map[string]bool{}}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer conn.Close()
				g.serve(conn) // until Postfix is ended
			}()
		}
	}()
	return g
}

// serve answers questions of lines name=value, with an empty one at the end.
func (g *greylist) serve(conn net.Conn) {
	recipient := ""
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if to, ok := strings.CutPrefix(lines.Text(), "recipient="); ok {
			recipient = to
		}
		if lines.Text() == "" {
			fmt.Fprintf(conn, "action=%s\n\n", g.judge(recipient))
		}
	}
}

func (g *greylist) judge(recipient string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known[recipient] {
		return "dunno"
	}
	g.known[recipient] = true
	return "defer_if_permit Greylisted, please try again in 1 seconds"
}

func (g *greylist) greeted() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.known))
}
