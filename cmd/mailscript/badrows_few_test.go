//go:build !interop

package main

// badRowsIn is how many rows there are; make interop has ten times as many.
const badRowsIn = 10_000
