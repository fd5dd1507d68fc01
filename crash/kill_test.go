//go:build crash && unix

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp/server"
)

// binary is the mailscript that is killed.
var binary string

func TestMain(m *testing.M) {
	if text := os.Getenv("CRASH_CHILD"); text != "" {
		os.Exit(exitOf(child(ordersOf(text))))
	}
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "mailscript-crash-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "mailscript")
		build := exec.Command("go", "build", "-o", binary, "../cmd/mailscript")
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
			return 1
		}
		return m.Run()
	}())
}

// unborn reports whether a process was killed before the ledger was one.
func (s *series) unborn() bool {
	info, err := os.Stat(ledger.Path(s.folder))
	return err != nil || info.Size() == 0
}

// number is an environment variable, for a longer run.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// TestKills kills merges at random moments while much goes wrong at the server too.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	kills, messages := number("CRASH_KILLS", 20), number("CRASH_MESSAGES", 10_000)
	each := min(10_000, messages/4)
	count := messages / each
	tallies := make([]tally, count)
	var owed atomic.Int64 // kills that earlier series came to their end without
	t.Run("series", func(t *testing.T) {
		for i := range count {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				share := kills / count
				if i < kills%count {
					share++
				}
				share += int(owed.Swap(0))
				s := &series{
					rows: each, kills: share, connections: 1 + i/2%4,
					policy: []string{"hold", "resend"}[i/2%2], source: []string{"csv", "made"}[i/4%2],
				}
				weather := fair()
				var withheld []server.Extension
				s.transfer = "CHUNKING"
				if i%2 == 1 {
					s.transfer, withheld = "DATA", []server.Extension{server.Chunking, server.BinaryMIME}
				}
				if s.policy == "hold" {
					weather.Reset = 3000 // which may take replies with it that the server has written
				}
				begun := time.Now()
				w := startWitness(t, s.rows, weather, withheld...)
				s.run(t, w)
				owed.Add(int64(s.kills - s.killed))
				tallies[i] = s.total(t, w)
				t.Logf("%s, %d connections, %s, %v: %+v", s, s.connections, s.source, time.Since(begun).Round(time.Millisecond), tallies[i])
			})
		}
	})
	if !t.Failed() {
		report(t, "ours, with faults", tallies)
	}
}
