package delivery

import (
	"testing"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// A rate holds over all connections: 50 a second over four, for a minute.
func TestRateHolds(t *testing.T) {
	for _, transfer := range []smtp.Transfer{smtp.TransferData, ""} {
		rateHolds(t, transfer)
	}
}

func rateHolds(t *testing.T, transfer smtp.Transfer) {
	p := &post{}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		rate, err := ParseRate("50/s")
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var each [60]int
		counts, err := Run(t.Context(), numbered(3000, nil), Options{Pool: pool, Rate: rate, Stream: smtp.StreamOptions{Transfer: transfer}, OnResult: func(Result) error {
			if second := int(time.Since(begun) / time.Second); second < len(each) {
				each[second]++
			}
			return nil
		}})
		if err != nil || counts.Sent != 3000 {
			t.Fatal(counts, err)
		}
		took := time.Since(begun)
		if took < 60*time.Second*98/100 || took > 60*time.Second*102/100 {
			t.Errorf("3000 messages at 50/s took %s", took)
		}
		for second, n := range each {
			if n < 40 || n > 60 {
				t.Errorf("second %d: %d messages", second, n)
			}
		}
		if p.most < 2 {
			t.Errorf("%d connections at once", p.most)
		}
	})
}

// A slow rate never lets more through than it says, in any window.
func TestSlowRate(t *testing.T) {
	p := &post{}
	inBubble(t, p, smtp.PoolOptions{}, func(t *testing.T, pool *smtp.Pool) {
		rate, err := ParseRate("20/30min")
		if err != nil {
			t.Fatal(err)
		}
		var at []time.Time
		counts, err := Run(t.Context(), numbered(100, nil), Options{Pool: pool, Rate: rate, OnResult: func(Result) error {
			at = append(at, time.Now())
			return nil
		}})
		if err != nil || counts.Sent != 100 {
			t.Fatal(counts, err)
		}
		for i := 20; i < len(at); i++ {
			if window := at[i].Sub(at[i-20]); window < 30*time.Minute-time.Second {
				t.Errorf("message %d came %s behind the 20th before it", i+1, window)
			}
		}
	})
}

// Rates are worded as people do.
func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"20/s": {20, time.Second, 0}, "100/min": {100, time.Minute, 0}, "5000/h": {5000, time.Hour, 0},
		"20/30min": {20, 30 * time.Minute, 0}, " 10 / 2 h": {10, 2 * time.Hour, 0}, "2000/day": {2000, 24 * time.Hour, 0},
		"": {}, "20": {}, "20/": {}, "/s": {}, "0/s": {}, "-1/s": {}, "20/x": {}, "20/0s": {}, "1.5/s": {}, "20/s/s": {}, "20/99999999999999999999s": {},
	} {
		got, err := ParseRate(text)
		if got != want || (err == nil) != (want != Rate{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
