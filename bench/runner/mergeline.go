package main

import (
	"os/exec"
	"slices"
)

// Messages of a merge: enough for half a second of work, or as many as memory is to
// be flat over.
const (
	merged  = 20_000
	wholes  = 5_000 // of Go's peers
	scripts = 1_000 // of those in other languages
	fewRows = 1_000
	allRows = 1_000_000
)

// mebibytes of memory that a merge of a million rows may take.
const memoryLimit = 64

func merging(stack string, n int, args ...string) contestant {
	return contestant{name: stack, program: "merge", args: append([]string{"-with", stack}, args...), n: n, conns: 1}
}

// remembering is a merge of ours with a ledger.
func remembering(n int, args ...string) contestant {
	c := merging("ledger", n, args...)
	c.name = "ours"
	return c
}

// scriptPeers are stacks in other languages, as far as this machine has them.
func scriptPeers() []string {
	var there []string
	if exec.Command("node", "-e", `require("nodemailer")`).Run() == nil {
		there = append(there, "nodemailer")
	}
	if exec.Command("python3", "-c", "import jinja2").Run() == nil {
		there = append(there, "python")
	}
	return there
}

// mergeLines are whole merges, from the file of rows to the server's last reply, with
// a ledger on the disk and without one.
func mergeLines(peers []string) []line {
	var all []line
	for _, t := range transports {
		for _, transfer := range []struct {
			name    string
			server  []string
			atLeast map[string]float64 // by plain connection; nothing is asked of TLS
		}{
			{"DATA", []string{"-no-chunking"}, map[string]float64{"net/smtp": 3, "nodemailer": 6.5, "python": 14}},
			{"CHUNKING", nil, map[string]float64{"net/smtp": 5}},
		} {
			l := line{
				name:   "whole merge with ledger, " + transfer.name + ", " + t.name,
				server: append(slices.Clone(t.server), transfer.server...),
				clients: []contestant{
					remembering(merged, t.client...), merging("net/smtp", wholes, t.client...), merging("go-mail", wholes, t.client...),
				},
			}
			for _, peer := range peers {
				l.clients = append(l.clients, merging(peer, scripts, t.client...).onlyOnce())
			}
			for _, c := range l.clients[1:] {
				atLeast := transfer.atLeast[c.name]
				if t.name != "plain" {
					atLeast = 0
				}
				l.goals = append(l.goals, faster(c.name, atLeast)...)
			}
			all = append(all, l)
		}
	}
	for _, l := range [][2]string{{"", "offers"}, {", the row alone", "plain"}} {
		name, letter := l[0], l[1]
		all = append(all, line{
			name: "whole merge, CHUNKING, plain" + name, server: []string{},
			clients: []contestant{merging("ours", merged, "-letter", letter), merging("net/smtp", wholes, "-letter", letter)},
			goals:   faster("net/smtp", 5),
		})
	}
	few := remembering(fewRows)
	few.name = "ours, 1,000 rows"
	memory := line{
		name: "memory of a merge, 1,000,000 rows", server: []string{}, apart: true,
		clients: []contestant{remembering(allRows).onlyOnce(), few.onlyOnce()},
		goals:   []goal{atMost(figureMemory, memoryLimit), {figure: figureMemory, against: few.name, atLeast: 0.5}},
	}
	return append(append(all, memory), stageLines()...)
}

// stageLines compare parts of a merge with what the standard library has for them.
func stageLines() []line {
	var all []line
	for _, s := range []struct {
		name, ours, theirs, letter string
		n                          int
		atLeast                    float64
	}{
		{"read CSV of 10 columns", "rows", "encoding/csv", "plain", 500_000, 0.8},
		{"fill a letter, text and HTML, with a list", "template", "html/template", "offers", 50_000, 1},
		{"fill a letter, text and HTML", "template", "html/template", "plain", 50_000, 1},
	} {
		stage := func(name, with string) contestant {
			return contestant{name: name, program: "merge", args: []string{"-with", with, "-letter", s.letter}, n: s.n}
		}
		all = append(all, line{
			name: s.name, apart: true, clients: []contestant{stage("ours", s.ours), stage(s.theirs, s.theirs)},
			goals: []goal{{figure: figureCPU, against: s.theirs, atLeast: s.atLeast}},
		})
	}
	return all
}
