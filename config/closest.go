package config

import (
	"fmt"
	"strings"
)

// closest finds the name that a misspelt one was meant to be: at most one typing
// error for every four letters, and one in names of three letters. Of several
// the first wins.
func closest(misspelt string, names []string) (string, bool) {
	misspelt = strings.ToLower(misspelt)
	if len(misspelt) < 3 || len(misspelt) > 64 {
		return "", false
	}
	best, allowed := "", max(1, len(misspelt)/4)
	for _, name := range names {
		if d := typingErrors(misspelt, name); d <= allowed && d < len(name) {
			best, allowed = name, d-1
		}
	}
	return best, best != ""
}

// typingErrors counts the letters that were left out, added, replaced or swapped
// with their neighbour.
func typingErrors(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// didYouMean is what to put behind a name that is not known, or "".
func didYouMean(misspelt string, names []string) string {
	if name, ok := closest(misspelt, names); ok {
		return fmt.Sprintf(" (did you mean %q?)", name)
	}
	return ""
}
