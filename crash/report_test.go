//go:build crash && unix

package crash

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
)

// page is where the table stands, between two marks.
const (
	page  = "../docs/guarantees.md"
	first = "<!-- crash: begin -->\n"
	last  = "<!-- crash: end -->\n"
)

// report adds up what series came to, and with UPDATE writes it into the page.
func report(t *testing.T, server string, all []tally) {
	t.Helper()
	var order []string
	sums := map[string]*tally{}
	for _, one := range all {
		key := one.transfer + ", " + one.policy
		sum := sums[key]
		if sum == nil {
			sum = &tally{transfer: one.transfer, policy: one.policy}
			sums[key] = sum
			order = append(order, key)
		}
		sum.add(one)
	}
	var lines strings.Builder
	sum := tally{transfer: "all"}
	for _, key := range order {
		lines.WriteString(sums[key].line(server))
		sum.add(*sums[key])
	}
	if len(order) > 1 {
		lines.WriteString(sum.line(server))
	}
	t.Logf("\n%s%s", heading, &lines)
	if os.Getenv("UPDATE") != "" {
		write(t, server, lines.String())
	}
}

func (n *tally) add(one tally) {
	n.rows += one.rows
	n.messages += one.messages
	n.kills += one.kills
	n.starts += one.starts
	n.upset += one.upset
	n.sent += one.sent
	n.failed += one.failed
	n.held += one.held
	n.lost += one.lost
	n.phantom += one.phantom
	n.twice += one.twice
	n.doubted += one.doubted
	n.unknown += one.unknown
	n.most = max(n.most, one.most)
}

const heading = `| server | transfer | in_doubt | rows | kills | connections cut | lost | sent, not taken | taken twice | in doubt, each time | left in doubt by one kill, at most |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
`

func (n *tally) line(server string) string {
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", server, n.transfer, cmp.Or(n.policy, "all"),
		n.rows, n.kills, n.upset, n.lost, n.phantom, n.twice, n.doubted, n.most)
}

// write puts lines in the place of those of the same server.
func write(t *testing.T, server, lines string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), first)
	table, after, _ := strings.Cut(rest, last)
	if !found {
		table, after = "", ""
	}
	var kept strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(table, heading)) {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "| "+server+" |") {
			kept.WriteString(line)
		}
	}
	if err := os.WriteFile(page, []byte(before+first+heading+kept.String()+lines+last+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
