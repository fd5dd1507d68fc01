// Package schedule runs jobs at the times a cron specification names: each
// period at most once, whatever happens to the process and to the clock, and
// with a notice when a report did not go out. It knows neither scripts nor mail
// nor files of configuration: jobs come in as structs with a [Runner], what
// happened is kept in a [State], and notices leave through a func.
//
// # Specifications
//
// Five fields: minute, hour, day of the month, month, weekday; with
// [SpecOptions.Seconds] six, the second first. A field is a list of numbers,
// names (JAN, MON), ranges (MON-FRI) and steps (*/15, 8-18/2, 5/20), with *
// for every value, and ? for * in the two fields of days. Sunday is 0 and 7.
//
//	L     day: the last of the month; L-3 is three days before it
//	LW    day: the last Monday to Friday of the month
//	15W   day: the Monday to Friday nearest to the 15th, in the same month
//	5L    weekday: the last Friday of the month, also FRIL
//	MON#2 weekday: the second Monday of the month
//
// @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly are the
// usual names. As in Vixie's cron, a job with both fields of days restricted
// runs when either says so, and when both say so where one of them begins with
// an asterisk. What no day can satisfy (31 February), a step that leads out of
// its field (*/90 of minutes), a range that runs backwards and a zone in the
// text (TZ=…) are errors; a [SpecError] names the field and its column.
//
// # Time zones
//
// A specification names readings of the wall clock in the job's zone. One rule
// maps them to instants: a job fires at the first instant at which the clock
// reads the time or a later one. So a time that the clock skips fires at the end
// of the gap, a time that comes twice fires the first time only, and times that
// one gap moves to the same instant are one fire time, whose period is that of
// the last. A job every five minutes thus pauses for the repeated hour in autumn;
// with UTC as its zone it does not.
//
// # Periods
//
// Each fire time belongs to a period, and a job runs at most once in it. The key
// is made of the wall clock as the specification names it, before gaps and
// jitter, and is as wide as the specification allows:
//
//	2026                 one time on one day of one month
//	2026-11              one time on one day of the month: a number, L, W, MON#2, 5L
//	2026-W37             one time on one weekday (ISO 8601)
//	2026-11-26           one time a day, on any other days
//	2026-11-26T07:00     several times a day
//	2026-11-26T07:00:30  several seconds
//
// A job that gets another specification keeps its periods: moved from 07:00 to
// 09:00 after it ran, a daily job does not run again that day.
//
// # Days off
//
// A fire time whose civil date (in the job's zone, as the specification names it)
// is off is recorded as skipped, and nobody is told.
//
// # Outcomes
//
// A period is claimed in the [State] before its run begins and settled after it.
// A claim that a new process finds open is in doubt: the process died between the
// two, and the report may have gone out. It is reported and not run again unless
// the job says so ([DoubtRerun]).
//
// # Clocks
//
// Fire times are readings of the wall clock, limits on runs are spans of the
// monotonic one. There is one alarm, for the next thing to do; between alarms
// nothing wakes. A wall clock that is set forwards makes fire times late, and
// [Missed] decides; set backwards it makes them come again, and the claims of
// their periods keep them from running twice.
package schedule
