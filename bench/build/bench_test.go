package main

import (
	"io"
	"testing"
)

// BenchmarkBuilders is what the command does, for a profiler.
func BenchmarkBuilders(b *testing.B) {
	for _, what := range []string{"letter", "attachments", "base64"} {
		l, _ := newLetter(what)
		for with, prepare := range builders {
			b.Run(what+"/"+with, func(b *testing.B) {
				build, err := prepare(l)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if err := build(io.Discard, i); err != nil {
						b.Fatal(err)
					}
					i++
				}
			})
		}
	}
}
