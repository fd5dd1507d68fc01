package rows

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

// people is a CSV of ten columns, as merges have.
func people(n int, quoted bool) string {
	var b strings.Builder
	b.WriteString("id,email,first_name,last_name,street,zip,city,balance,joined,language\n")
	for i := range n {
		if quoted {
			fmt.Fprintf(&b, "%d,\"customer%d@example.org\",\"Ann\",\"Müller-%d\",\"Main Street %d, 2nd floor\",%05d,\"Köln\",%d.50,2024-03-%02d,de\n", i, i, i, i%200, i%100000, i%1000, i%28+1)
		} else {
			fmt.Fprintf(&b, "%d,customer%d@example.org,Ann,Miller-%d,Main Street %d,%05d,Springfield,%d.50,2024-03-%02d,en\n", i, i, i, i%200, i%100000, i%1000, i%28+1)
		}
	}
	return b.String()
}

func BenchmarkCSV(b *testing.B) {
	const n = 20000
	for _, kind := range []string{"plain", "quoted"} {
		text := people(n, kind == "quoted")
		rates := func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		}
		b.Run(kind+"/rows", func(b *testing.B) {
			b.ReportAllocs()
			source := CSV("", CSVOptions{Open: from(text)})
			for b.Loop() {
				if got, err := Count(context.Background(), source); got != n || err != nil {
					b.Fatal(got, err)
				}
			}
			rates(b)
		})
		for _, reuse := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/encoding-csv-reuse-%v", kind, reuse), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					reader := csv.NewReader(strings.NewReader(text))
					reader.ReuseRecord = reuse
					for {
						if _, err := reader.Read(); err == io.EOF {
							break
						} else if err != nil {
							b.Fatal(err)
						}
					}
				}
				rates(b)
			})
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	const n = 20000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "{\"id\":%d,\"email\":\"customer%d@example.org\",\"first_name\":\"Ann\",\"last_name\":\"Müller\",\"street\":\"Main Street %d\",\"zip\":\"%05d\",\"city\":\"Köln\",\"balance\":%d.5,\"joined\":\"2024-03-01\",\"tags\":[\"a\",\"b\"]}\n", i, i, i, i%100000, i%1000)
	}
	array := "[" + strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", ",\n") + "]"
	for name, text := range map[string]string{"lines": text.String(), "array": array} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			source := JSON("", JSONOptions{Open: from(text)})
			for b.Loop() {
				if got, err := Count(context.Background(), source); got != n || err != nil {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			decoder := json.NewDecoder(strings.NewReader(text.String()))
			for range n {
				var object map[string]any
				if err := decoder.Decode(&object); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkValues(b *testing.B) {
	for row := range All(context.Background(), CSV("", CSVOptions{Open: from(people(1, false)), Types: map[string]Type{"balance": TypeNumber, "joined": TypeDate}})) {
		b.Run("ten values by name", func(b *testing.B) {
			b.ReportAllocs()
			names := row.Columns().Names()
			for b.Loop() {
				for _, name := range names {
					if _, err := row.Get(name); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("hash", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				row.Hash()
			}
		})
	}
}
