---@meta log
-- Generated from the descriptors in luaapi; do not edit.

---Lines for whoever looks after the script: on standard error, or in the log of the scheduler with the job and the run. A secret is written as ‹secret›.
---@class loglib
local log = {}

---What helps to find a mistake; left out where nobody asked for it.
---@param text any what happened; objects as tostring has them, faults among them
---@param fields? table values beside it, by name; what is not data is written as tostring has it
function log.debug(text, fields) end

---What happened.
---@param text any what happened; objects as tostring has them, faults among them
---@param fields? table values beside it, by name; what is not data is written as tostring has it
function log.info(text, fields) end

---What somebody should look at.
---@param text any what happened; objects as tostring has them, faults among them
---@param fields? table values beside it, by name; what is not data is written as tostring has it
function log.warn(text, fields) end

---What went wrong though the script goes on. It does not end the script and is no failure of the job: error(…) is.
---@param text any what happened; objects as tostring has them, faults among them
---@param fields? table values beside it, by name; what is not data is written as tostring has it
function log.error(text, fields) end

return log
