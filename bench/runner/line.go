package main

import (
	"slices"
	"strconv"
	"time"
)

// line is one comparison: a server, clients that do the same to it, and what ours
// should reach.
type line struct {
	name string
	// server are flags of sink; nil is no server at all.
	server []string
	// delay is how long the server holds back everything in each direction.
	delay   time.Duration
	clients []contestant // ours first
	goals   []goal
	// apart says that only the round trips matter, or that there is no server:
	// nothing is measured on one core.
	apart bool
}

// contestant is one client, as it is started.
type contestant struct {
	name    string
	program string
	args    []string
	n       int // messages in all; 0 is set-up only
	size    int // of a message; 0 where it is the program's own affair
	conns   int
	raw     bool // it sends the message as it is given, so that octets can be checked
	once    bool // one round is enough: slow, and steady
}

// figure is what a goal is about.
type figure string

const (
	figureTurns  figure = "turns a message"
	figureCPU    figure = "client CPU"
	figureWall   figure = "wall, one core"
	figureTrips  figure = "round trips"
	figureChain  figure = "round trips, counted"
	figureMemory figure = "memory, MiB"
)

// goal is what one figure should be.
type goal struct {
	figure  figure
	against string // a contestant, or fastestPeer; "" compares nothing
	// atLeast bounds the ratio theirs / ours, atMost the figure itself; 0 is no
	// target.
	atLeast, atMost float64
}

// fastestPeer stands for the contestant, other than ours, with the least CPU.
const fastestPeer = "fastest peer"

// faster is a goal in both figures of speed.
func faster(against string, atLeast float64) []goal {
	return []goal{
		{figure: figureCPU, against: against, atLeast: atLeast},
		{figure: figureWall, against: against, atLeast: atLeast},
	}
}

func atMost(f figure, most float64) goal { return goal{figure: f, atMost: most} }

// transports are the two ways of most lines.
var transports = []struct {
	name   string
	server []string
	client []string
}{
	{"plain", []string{}, nil},
	{"TLS", []string{"-tls"}, []string{"-tls", "implicit"}},
}

const (
	kib = 1 << 10
	// each, turned and streamed are how many messages those send that wait several
	// times for each, once, and not at all: enough for half a second of work.
	each     = 4_000
	turned   = 20_000
	streamed = 200_000
	large    = 1_000
	// hundred and halfRoundTrip are the line that is long.
	hundred       = 100
	halfRoundTrip = 25 * time.Millisecond
)

func ours(n, size int, args ...string) contestant {
	return contestant{name: "ours", program: "ours", args: args, n: n, size: size, conns: 1, raw: true}
}

func blaster(mode string, n, size int, args ...string) contestant {
	return contestant{name: "blaster " + mode, program: "blaster", args: append([]string{"-mode", mode}, args...), n: n, size: size, conns: 1, raw: true}
}

func peer(library string, n, size int, args ...string) contestant {
	return contestant{
		name: library, program: "peers", args: append([]string{"-with", library}, args...), n: n, size: size, conns: 1,
		raw: library == "net/smtp" || library == "go-smtp",
	}
}

func (c contestant) over(connections int) contestant {
	c.conns = connections
	return c
}

func (c contestant) onlyOnce() contestant {
	c.once = true
	return c
}

// lines are all comparisons, in the order of the table.
func lines() []line {
	var all []line
	for _, t := range transports {
		all = append(all, line{
			name:   "1 KiB, DATA, " + t.name,
			server: append(slices.Clone(t.server), "-no-chunking"),
			clients: []contestant{
				ours(turned, kib, t.client...),
				peer("net/smtp", each, kib, t.client...),
				blaster("pipex", turned, kib, t.client...),
			},
			goals: slices.Concat(
				[]goal{atMost(figureTurns, 1.00)},
				faster("net/smtp", 3.5),
				faster("blaster pipex", 0.85),
			),
		})
	}
	for i, t := range transports {
		all = append(all, line{
			name:   "1 KiB, CHUNKING, " + t.name,
			server: t.server,
			clients: []contestant{
				ours(streamed, kib, t.client...),
				blaster("stream", streamed, kib, t.client...),
			},
			goals: slices.Concat(
				[]goal{atMost(figureTurns, 0.1)},
				faster("blaster stream", [...]float64{0.25, 0.35}[i]),
			),
		})
	}
	all = append(all,
		line{
			name:   "100 KiB, plain",
			server: transports[0].server,
			clients: []contestant{
				ours(large, 100*kib, transports[0].client...),
				blaster("stream", large, 100*kib, transports[0].client...),
			},
			goals: faster("blaster stream", 0.67),
		},
		line{
			name:   "100 KiB, TLS",
			server: transports[1].server,
			clients: []contestant{
				ours(large, 100*kib, transports[1].client...),
				peer("net/smtp", large, 100*kib, transports[1].client...),
			},
			goals: faster("net/smtp", 6),
		},
	)
	for _, t := range transports {
		all = append(all, line{
			name:   "10 connections, 1 KiB, CHUNKING, " + t.name,
			server: t.server,
			clients: []contestant{
				ours(streamed, kib, t.client...).over(10),
				peer("net/smtp", each, kib, t.client...).over(10),
			},
			goals: []goal{{figure: figureCPU, against: "net/smtp", atLeast: 10}},
		})
	}
	all = append(all, longLines()...)
	all = append(all, peerLines()...)
	all = append(all, buildLines()...)
	return append(all, mergeLines(scriptPeers())...)
}

// longLines are those over 50 ms.
func longLines() []line {
	all := []line{
		{
			name: "100 messages over 50 ms, DATA", server: []string{"-no-chunking"}, delay: halfRoundTrip, apart: true,
			clients: []contestant{
				ours(hundred, kib),
				blaster("pipex", hundred, kib),
				peer("net/smtp", hundred, kib).onlyOnce(),
				peer("go-mail", hundred, kib).onlyOnce(),
			},
			goals: []goal{atMost(figureTrips, 107), atMost(figureChain, 107)},
		},
		{
			name: "100 messages over 50 ms, CHUNKING", server: []string{}, delay: halfRoundTrip, apart: true,
			clients: []contestant{
				ours(hundred, kib),
				blaster("stream", hundred, kib),
			},
			goals: []goal{atMost(figureTrips, 12), atMost(figureChain, 12)},
		},
	}
	for _, setUp := range []struct {
		name           string
		server, client []string
	}{
		{"plain", []string{}, nil},
		{"plain, AUTH", []string{"-auth"}, []string{"-login"}},
		{"TLS", []string{"-tls"}, []string{"-tls", "implicit"}},
		{"TLS, AUTH", []string{"-tls", "-auth"}, []string{"-tls", "implicit", "-login"}},
		{"STARTTLS", []string{"-starttls"}, []string{"-tls", "starttls"}},
		{"STARTTLS, AUTH", []string{"-starttls", "-auth"}, []string{"-tls", "starttls", "-login"}},
	} {
		all = append(all, line{
			name: "set-up and QUIT over 50 ms, " + setUp.name, server: setUp.server, delay: halfRoundTrip, apart: true,
			clients: []contestant{ours(0, kib, setUp.client...).onlyOnce()},
			goals:   []goal{{figure: figureTrips}, {figure: figureChain}},
		})
	}
	return all
}

// peerLines show every client where it waits for each message; nothing is asked
// of ours.
func peerLines() []line {
	var all []line
	for _, t := range transports {
		l := line{name: "peers, 1 KiB, " + t.name, server: t.server, clients: []contestant{
			ours(each, kib, append([]string{"-mode", "send"}, t.client...)...),
		}}
		for _, library := range []string{"net/smtp", "go-smtp", "go-mail", "go-mail-bare", "gomail.v2", "email"} {
			if library == "email" && t.name == "TLS" {
				continue // it has no implicit TLS
			}
			l.clients = append(l.clients, peer(library, each, kib, t.client...))
		}
		for _, mode := range []string{"pp", "pipe", "pipex", "bdat1"} {
			l.clients = append(l.clients, blaster(mode, each, kib, t.client...))
		}
		all = append(all, l)
	}
	return all
}

// buildLines compare the making of messages.
func buildLines() []line {
	var all []line
	for _, b := range []struct {
		name, what string
		n          int
		atLeast    float64 // against the fastest
	}{
		{"build a letter, text and HTML, 4 KB", "letter", 10_000, 2.7},
		{"build 90 KB inline and 500 KB PDF", "attachments", 300, 15},
		{"build base64 with line ends, 1 MB", "base64", 300, 0},
	} {
		l := line{name: b.name, apart: true, goals: []goal{{figure: figureCPU, against: fastestPeer, atLeast: b.atLeast}}}
		if b.what == "letter" {
			// The fastest that is a library for mail, and more than its parts.
			l.goals = append(l.goals, goal{figure: figureCPU, against: "gomail.v2", atLeast: 3})
		}
		for _, builder := range []string{"ours", "standard library", "gomail.v2", "enmime", "go-message", "go-mail"} {
			l.clients = append(l.clients, contestant{
				name: builder, program: "build", n: b.n,
				args: []string{"-what", b.what, "-with", builder},
			})
		}
		all = append(all, l)
	}
	return all
}

// quick is the line with a fraction of its messages.
func (l line) quick() line {
	l.clients = slices.Clone(l.clients)
	for i := range l.clients {
		c := &l.clients[i]
		if c.n > 0 {
			c.n = max(c.n/20, 2*c.conns)
		}
		c.once = true
	}
	return l
}

// command is how a contestant is started against the server at an address.
func (c contestant) command(address, roots string) []string {
	args := []string{c.program}
	if c.conns == 0 {
		return append(args, append(slices.Clone(c.args), "-n", strconv.Itoa(c.n))...)
	}
	args = append(args, "-address", address, "-n", strconv.Itoa(c.n), "-size", strconv.Itoa(c.size))
	if c.conns > 1 {
		args = append(args, "-c", strconv.Itoa(c.conns))
	}
	args = append(args, c.args...)
	if slices.Contains(c.args, "implicit") || slices.Contains(c.args, "starttls") {
		args = append(args, "-roots", roots)
	}
	return args
}

// serverCommand is how the line's server is started.
func (l line) serverCommand(certificate string) []string {
	args := append([]string{"sink"}, l.server...)
	if l.delay > 0 {
		args = append(args, "-delay", l.delay.String())
	}
	if slices.Contains(l.server, "-tls") || slices.Contains(l.server, "-starttls") {
		args = append(args, "-certificate", certificate)
	}
	return args
}
