package schedule

import "fmt"

// SpecError says what is wrong with a specification, and where.
type SpecError struct {
	// Spec is the whole text.
	Spec string
	// Field is the field at fault: second, minute, hour, day, month, weekday; ""
	// where it is the whole.
	Field string
	// Column is where the fault begins, in bytes, the first being 1.
	Column int
	// Problem is what is wrong.
	Problem string
	// Hint is what to write instead; "" when nothing is likely.
	Hint string
}

func (e *SpecError) Error() string {
	text := fmt.Sprintf("schedule: cron %q", e.Spec)
	if e.Field != "" {
		text += fmt.Sprintf(": %s (column %d)", e.Field, e.Column)
	}
	text += ": " + e.Problem
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}
