//go:build grid

package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// killed is the environment of the process that TestKill kills: a folder.
const killed = "SCHEDULE_TEST_KILL"

// TestKill kills a process with a state in a file two hundred times, each about a
// fire time, as there is one each second. Each period's report went out once, or
// is in doubt.
func TestKill(t *testing.T) {
	if folder := os.Getenv(killed); folder != "" {
		runKilled(t, folder, context.Background())
		return
	}
	folder := t.TempDir()
	began := time.Now()
	for range 200 {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), killed+"="+folder)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(300*time.Millisecond+rand.N(1500*time.Millisecond), func() { child.Process.Kill() })
		child.Wait()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	state := runKilled(t, folder, ctx)
	text, err := os.ReadFile(filepath.Join(folder, "sent"))
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]int{}
	for _, line := range strings.Fields(string(text)) {
		sent[line]++
	}
	job := killedJob(t, folder)
	records := map[string]Record{}
	history, _ := state.History("a", time.Now(), 1<<20)
	for _, r := range history {
		records[r.Period] = r
	}
	known, _ := state.Known("a", job.when(), began)
	counts := map[Outcome]int{}
	for fire := range job.Fires(known, time.Now().Add(-5*time.Second)) {
		r, n := records[fire.Period], sent[fire.Period]
		counts[r.Outcome]++
		if n > 1 || r.Outcome == OutcomeOK && n != 1 || r.Outcome != OutcomeOK && r.Outcome != OutcomeInDoubt {
			t.Errorf("%s: sent %d times, record %+v", fire.Period, n, r)
		}
	}
	t.Logf("%d reports, outcomes %v", len(sent), counts)
	if counts[OutcomeOK] < 100 || counts[OutcomeInDoubt] == 0 {
		t.Error("the test tries nothing")
	}
}

func killedJob(t *testing.T, folder string) Job {
	spec, err := ParseSpec("* * * * * *", SpecOptions{Seconds: true})
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Name: "a", Spec: spec, Missed: MissedAll, Overlap: OverlapQueue,
		Run: func(_ context.Context, r Run) Result {
			file, err := os.OpenFile(filepath.Join(folder, "sent"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return Result{Err: err}
			}
			defer file.Close()
			time.Sleep(rand.N(200 * time.Millisecond))
			_, err = fmt.Fprintln(file, r.Fire.Period)
			time.Sleep(rand.N(200 * time.Millisecond))
			return Result{Err: err}
		},
	}
}

func runKilled(t *testing.T, folder string, ctx context.Context) *File {
	state, err := OpenFile(filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := New(Options{State: state}, []Job{killedJob(t, folder)})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return state
}
