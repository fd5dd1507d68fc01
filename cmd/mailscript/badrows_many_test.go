//go:build interop

package main

const badRowsIn = 100_000
