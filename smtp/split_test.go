package smtp

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FAULTS.md, row 25: in whatever pieces replies arrive, and however many of them
// in one, the client reports the same. TestFaults cuts each conversation in two
// at every octet; here two of them arrive in many pieces, at random.
func TestFault25(t *testing.T) {
	for _, name := range []string{"00-lockstep", "00-pipelined"} {
		c := readConversation(t, "testdata/faults/"+name+".txt")
		for seed := range uint64(100) {
			random := rand.New(rand.NewPCG(seed, 25))
			var pieces []int
			for left := c.serverBytes(); left > 0; {
				piece := 1 + random.IntN(min(left, 1+random.IntN(60)))
				pieces, left = append(pieces, piece), left-piece
			}
			if diff := cmp.Diff(c.want, c.run(t, pieces, false)); diff != "" {
				t.Fatalf("%s, seed %d (-want +got)\n%s", name, seed, diff)
			}
		}
	}
}
