package rows

import (
	"fmt"
	"strings"
)

// didYouMean is what to put behind a name that is not known, or "".
func didYouMean(misspelt string, names []string) string {
	if name, ok := closest(misspelt, names); ok {
		return fmt.Sprintf(" (did you mean %q?)", name)
	}
	return ""
}

// closest finds the name that a misspelt one was meant to be: the same in other case,
// or with at most one typing error for every four letters, one in names of three. Of
// equals the first wins.
func closest(misspelt string, names []string) (string, bool) {
	letters := []rune(strings.ToLower(strings.TrimSpace(misspelt)))
	if len(letters) > 64 {
		return "", false
	}
	best, allowed := "", max(1, len(letters)/4)
	for _, name := range names {
		other := []rune(strings.ToLower(name))
		if string(letters) == string(other) {
			return name, true
		}
		if len(letters) < 3 || len(other) > len(letters)+allowed || len(letters) > len(other)+allowed {
			continue
		}
		if d := typingErrors(letters, other); d <= allowed && d < len(other) {
			best, allowed = name, d-1
		}
	}
	return best, best != ""
}

// typingErrors counts the letters that were left out, added, replaced or swapped with
// their neighbour.
func typingErrors(a, b []rune) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		table[i][0] = i
	}
	for j := range table[0] {
		table[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := table[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			table[i][j] = min(replaced, table[i-1][j]+1, table[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				table[i][j] = min(table[i][j], table[i-2][j-2]+1)
			}
		}
	}
	return table[len(a)][len(b)]
}
