package engine

// Closest finds the candidate a misspelt name was meant to be: the one with the fewest edits (insert, delete,
// replace, swap of neighbours), if they are at most one for every four bytes of the name. A name of three bytes may
// have one too, a shorter one none. Of equals the first wins.
func Closest(name string, candidates []string) (string, bool) {
	if len(name) < 3 || len(name) > 64 {
		return "", false
	}
	limit := max(len(name)/4, 1)
	best, found := "", false
	for _, candidate := range candidates {
		if len(candidate) > len(name)+limit || len(name) > len(candidate)+limit {
			continue
		}
		if d := edits(name, candidate); d <= limit && d < max(len(name), len(candidate)) {
			best, found, limit = candidate, true, d-1
		}
	}
	return best, found
}

// edits is the optimal string alignment distance.
func edits(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if lower(a[i-1]) == lower(b[j-1]) {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
