package chart

import (
	"errors"
	"math"
)

var errTooLow = errors.New("there is no room left for the plot; make the chart higher")

// axis maps numbers to the height of the plot.
type axis struct {
	low, high   float64
	step        float64
	ticks       []float64
	top, bottom float64
}

// newAxis chooses round ticks that enclose two numbers, as many as the height of the plot has room for.
func newAxis(low, high, height float64) axis {
	const spacing = 24 // between ticks at least
	size := max(math.Abs(low), math.Abs(high))
	// A line without ups and downs, or whose digits hide them, is drawn above or below zero.
	if high-low <= size*1e-12 || size < 1e-290 {
		switch {
		case size < 1e-290:
			low, high = 0, 1
		case low > 0:
			low = 0
		case high < 0:
			high = 0
		}
	}
	most := min(max(math.Floor(height/spacing), 2), 12)
	step := roundStep((high - low) / most)
	// Counted in whole steps, so that no sum of rounding errors decides about the last tick.
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	for last-first > most && most > 2 {
		step = roundStep(step * 1.01)
		first, last = math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	}
	a := axis{step: step}
	for i := first; i <= last && len(a.ticks) < 30; i++ {
		a.ticks = append(a.ticks, i*step+0) // + 0 makes zero of a negative one
	}
	a.low, a.high = a.ticks[0], a.ticks[len(a.ticks)-1]
	return a
}

// roundStep returns the next of 1, 2, 2.5 and 5 times a power of ten.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, factor := range []float64{1, 2, 2.5, 5} {
		if factor*power >= step*(1-1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

// decimals returns how many decimals tell the ticks apart.
func (a axis) decimals() int {
	power := math.Floor(math.Log10(a.step) + 1e-9)
	n := max(0, -int(power))
	if factor := a.step / math.Pow(10, power); math.Abs(factor-2.5) < 1e-6 && power <= 0 {
		n++
	}
	return min(n, 12)
}

// position returns the height of a number.
func (a axis) position(number float64) float64 {
	return a.bottom - (number-a.low)/(a.high-a.low)*(a.bottom-a.top)
}
