//go:build !race

package template

const slowed = false
