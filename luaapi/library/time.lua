---@meta time
-- Generated from the descriptors in luaapi; do not edit.

---@class clock.options
---@field year? integer required
---@field month? integer 1 to 12; required
---@field day? integer 1 to 31; required
---@field hour? integer without it the result is a date
---@field minute? integer default 0
---@field second? integer default 0
---@field zone? string such as "Europe/Paris"; default the machine's

---@class period.options
---@field zone? string where days begin; default the machine's zone
---@field now? time what "today" and "last week" are seen from; default the present

---@class span.options
---@field years? integer of the calendar; a day that the month lacks becomes its last
---@field months? integer of the calendar
---@field weeks? integer of the calendar: the time on the wall stays
---@field days? integer of the calendar: the time on the wall stays
---@field hours? integer exact
---@field minutes? integer exact
---@field seconds? integer exact

---A moment in a zone, or a date. It never changes. Times are compared with ==, < and <=.
---@class time
---@field year integer of the calendar
---@field month integer from 1
---@field day integer of the month
---@field hour integer 0 to 23
---@field minute integer 0 to 59
---@field second integer 0 to 59
---@field weekday integer 1 is Monday, 7 is Sunday (ISO 8601)
---@field yearday integer from 1
---@field week integer of ISO 8601
---@field quarter integer 1 to 4
---@field unix number seconds since 1970, as os.time() counts them
---@field zone string its name
---@field is_date boolean it has no time of day
local time = {}

---The time as text, names in English.
---@param format string as os.date takes it; %-d leaves out a leading zero
---@return string
function time:format(format) end

---A time so much later, or earlier where numbers are negative.
---@param span span.options 
---@return time
function time:add(span) end

---When the unit began in which the time lies.
---@param unit string "hour", "day", "week" (from Monday), "month", "quarter" or "year"
---@return time
function time:start_of(unit) end

---The same moment as clocks elsewhere show it.
---@param zone string such as "Europe/Paris"
---@return time
function time:in_zone(zone) end

---How far it lies behind other: {seconds, days, months, years}, each by itself and negative where it lies before. Days are those of the calendar.
---@param other time 
---@return table
function time:since(other) end

---A stretch of the calendar: one or more whole days, weeks, months, quarters or years.
---@class period
---@field key string its name, such as "2026-W37"; time.period reads it back
---@field label string for people, in English
---@field starts time the first moment
---@field ends time the first moment behind it
local period = {}

---The period of the same length before.
---@return period
function period:previous() end

---The period of the same length that follows.
---@return period
function period:next() end

---Times, dates and periods in zones, and waiting. Durations are a number of seconds, or a text such as "90s", "5m", "1h30m".
---@class timelib
local time = {}

---The present time.
---@param zone? string such as "Europe/Paris" or "UTC"; default the machine's
---@return time
function time.now(zone) end

---The present date.
---@param zone? string such as "Europe/Paris" or "UTC"; default the machine's
---@return time
function time.today(zone) end

---The time at which clocks show these fields. Where they were put forward past it, it is the moment after the gap; where they show it twice, the first time.
---@param fields clock.options 
---@return time
function time.new(fields) end

---The time or date in a text.
---@param text string 
---@param format? string as os.date writes it, such as "%d.%m.%Y"; default ISO 8601, or the date of a message
---@param zone? string of a text that does not say; default the machine's
---@return time
function time.parse(text, format, zone) end

---A stretch of the calendar, to ask a database for: from starts until before ends.
---@param spec string "today", "yesterday", "last week", "this month", "last quarter", "last 7 days", or a key such as "2026-W37", "2026-11", "2026-Q3"
---@param opts? period.options 
---@return period
function time.period(spec, opts) end

---Wait. Ctrl-C ends it at once.
---@param duration number|string seconds, or "5m"
function time.sleep(duration) end

return time
