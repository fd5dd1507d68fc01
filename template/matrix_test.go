//go:build matrix

package template

// share: all of the generated tests, more than 100,000 cases.
const share = 1
