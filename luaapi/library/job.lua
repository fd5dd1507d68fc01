---@meta job
-- Generated from the descriptors in luaapi; do not edit.

---An earlier run of a job.
---@class previous
---@field at time? when it was due
---@field key string? what its period is called
---@field outcome string "ok", "nothing" after job.skip, "failed", "timeout", "killed", "skipped" or "in doubt"
local previous = {}

---The scheduled job that the script runs for. A script that is to run by hand too says what it does then: `local week = job.period or time.period("this week")`.
---@class joblib
---@field name string? of the job; nil outside of a job
---@field key string? what its period is called, such as "2026-W37" or, of a job that runs several times a day, "2026-11-26T07:00"; it runs once for each; nil outside of a job
---@field period period? the day, week, month or year of the key, which is the one in which the job runs: a report about the week before takes job.period:previous(). Of a job that runs several times a day it is nil; nil outside of a job
---@field scheduled time? when this run was due, in the zone of the job; nil as well where nothing but a person began it; nil outside of a job
---@field previous previous? the run before; nil as well for the first; nil outside of a job
---@field mode "schedule"|"manual"|"rehearsal"|nil who began the run: its time, a person, or a person who tries it out; nil outside of a job
local job = {}

---End the script: there is nothing to report. It is an outcome that is written down, and no failure; nothing catches it. What was sent before stays sent.
---@param reason string why, for the history of the job
function job.skip(reason) end

return job
