---@meta _
-- Generated from the descriptors in luaapi; do not edit.

---What prevented an answer: the error value that try and pcall return.
---@class fault
---@field kind "argument"|"file"|"config"|"dns"|"connect"|"tls"|"greeting"|"auth"|"refused"|"timeout"|"lost"|"protocol"|"finished"|"closed"
---@field message string
---@field hint string? what to do about it
---@field command string? the SMTP command it happened at
---@field code integer? reply code
---@field enhanced string? status code of RFC 3463
---@field temporary boolean another attempt may succeed
---@field where string? script and line
---@field cause any
---@field replies reply[]? the replies that came before
---@field result result? what is known of each recipient
local fault = {}

---Say that the script has taken care of it: it no longer sets the exit status.
---@param reason? string
function fault:handled(reason) end

---Call f and return its values; where a fault is raised, return nil and the fault.
---Mistakes of the script, cancellation and limits pass through.
---@param f function
---@param ... any
---@return any ...
function try(f, ...) end
