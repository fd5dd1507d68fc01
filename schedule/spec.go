package schedule

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// SpecOptions say how a specification is to be read.
type SpecOptions struct {
	// Seconds puts a field for the second before the others.
	Seconds bool
}

// Spec is a cron specification that was understood. The zero value is none.
type Spec struct {
	text                   string
	second, minute, hour   uint64
	day, month, weekday    values
	daySegment, weekdaySeg string // day and weekday as gronx takes them
	width                  width
}

// macros are the names of common specifications, in five fields.
var macros = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

// maxSpec bounds the text of a specification, in bytes; a list of every minute
// has 179.
const maxSpec = 1024

// ParseSpec reads a specification. Errors are of type *[SpecError].
func ParseSpec(text string, options SpecOptions) (Spec, error) {
	s, err := parseSpec(text, options)
	if err != nil {
		err.Spec = text
		return Spec{}, err
	}
	return s, nil
}

func parseSpec(text string, options SpecOptions) (Spec, *SpecError) {
	s := Spec{text: text, second: 1}
	if len(text) > maxSpec {
		return s, &SpecError{Column: 1, Problem: fmt.Sprintf("has %d bytes; %d are the most", len(text), maxSpec)}
	}
	words, columns := split(text)
	fields := []*field{&minuteField, &hourField, &dayField, &monthField, &weekdayField}
	if options.Seconds {
		fields = append([]*field{&secondField}, fields...)
	}
	if len(words) > 0 && words[0][0] == '@' {
		macro, known := macros[strings.ToLower(words[0])]
		if !known || len(words) > 1 {
			return s, unknownMacro(words[0], columns[0])
		}
		fields = fields[len(fields)-5:]
		words, columns = split(macro)
	}
	if len(words) > 0 && strings.Contains(words[0], "TZ=") {
		return s, &SpecError{Field: fields[0].name, Column: columns[0], Problem: fmt.Sprintf("%q: the zone is no part of the specification", words[0]), Hint: "give the job a time zone"}
	}
	if len(words) != len(fields) {
		return s, wrongCount(len(words), options)
	}
	var parsed [6]values
	shift := 6 - len(fields)
	for i, f := range fields {
		v, err := f.parse(words[i], columns[i])
		if err != nil {
			return s, err
		}
		parsed[i+shift] = v
	}
	if shift == 0 {
		s.second = parsed[0].set
	}
	s.minute, s.hour = parsed[1].set, parsed[2].set
	s.day, s.month, s.weekday = parsed[3], parsed[4], parsed[5]
	s.daySegment, s.weekdaySeg = s.day.segment(), s.weekday.segment()
	s.width = s.narrowest()
	if err := s.comes(); err != nil {
		return s, &SpecError{Field: dayField.name, Column: columns[2+len(fields)-5], Problem: err.Error()}
	}
	return s, nil
}

// comes is an error unless there is a day on which the specification fires. The
// calendar repeats after 400 years, so that having looked at them is proof.
func (s *Spec) comes() error {
	const cycle = 146097 // days
	from := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / day
	days := newDays(s)
	d := days.next(from, from+cycle)
	if days.err != nil {
		return days.err
	}
	if d < 0 {
		return errors.New("no month of the specification has such a day, so it never fires")
	}
	return nil
}

func unknownMacro(word string, column int) *SpecError {
	e := &SpecError{Field: "minute", Column: column, Problem: fmt.Sprintf("%q is not @yearly, @monthly, @weekly, @daily or @hourly on its own", word)}
	if strings.EqualFold(word, "@every") {
		e.Hint = "write */5 for every five minutes"
	}
	return e
}

func wrongCount(n int, options SpecOptions) *SpecError {
	want := "5 are needed: minute hour day month weekday"
	if options.Seconds {
		want = "6 are needed: second minute hour day month weekday"
	}
	e := &SpecError{Column: 1, Problem: fmt.Sprintf("has %d fields; %s", n, want)}
	if n == 6 && !options.Seconds {
		e.Hint = "a field for seconds must be asked for, and there is none for years"
	}
	return e
}

// split divides at spaces and tabs and says where each word begins, from 1.
func split(text string) (words []string, columns []int) {
	start := -1
	for i := range len(text) + 1 {
		if i == len(text) || text[i] == ' ' || text[i] == '\t' {
			if start >= 0 {
				words, columns = append(words, text[start:i]), append(columns, start+1)
			}
			start = -1
		} else if start < 0 {
			start = i
		}
	}
	return words, columns
}

// String is the text as it was given.
func (s Spec) String() string { return s.text }

// once says whether there is one time of day only.
func (s *Spec) once() bool {
	return bits.OnesCount64(s.second) == 1 && bits.OnesCount64(s.minute) == 1 && bits.OnesCount64(s.hour) == 1
}

// timeFrom is the first time of day at or after one, in seconds; -1 where the day
// has no more.
func (s *Spec) timeFrom(from int64) int64 {
	hour, minute, second := int(from/3600), int(from/60%60), int(from%60)
	if h := next(s.hour, hour); h != hour {
		if h < 0 {
			return -1
		}
		return s.first(h)
	}
	if m := next(s.minute, minute); m >= 0 {
		if m != minute {
			return int64(hour*3600 + m*60 + next(s.second, 0))
		}
		if sec := next(s.second, second); sec >= 0 {
			return int64(hour*3600 + m*60 + sec)
		}
		if m = next(s.minute, minute+1); m >= 0 {
			return int64(hour*3600 + m*60 + next(s.second, 0))
		}
	}
	if h := next(s.hour, hour+1); h >= 0 {
		return s.first(h)
	}
	return -1
}

// first is the first time of day in an hour, in seconds.
func (s *Spec) first(hour int) int64 {
	return int64(hour*3600 + next(s.minute, 0)*60 + next(s.second, 0))
}

// next is the first member of a set from n on; -1 where there is none.
func next(set uint64, n int) int {
	set = set >> n << n
	if set == 0 {
		return -1
	}
	return bits.TrailingZeros64(set)
}
