---@meta time
-- Generated from the descriptors in luaapi; do not edit.

---Waiting. Durations are a number of seconds, or a text such as "90s", "5m", "1h30m".
---@class timelib
local time = {}

---Wait. Ctrl-C ends it at once.
---@param duration number|string seconds, or "5m"
function time.sleep(duration) end

return time
