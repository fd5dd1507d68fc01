---@meta json
-- Generated from the descriptors in luaapi; do not edit.

---@class decode.options
---@field null? boolean null becomes json.null, which can be told from what is missing; default nil

---@class encode.options
---@field indent? boolean one value a line, for people

---@class json.options
---@field columns? string|string[] names that every row has: nil where its object has none
---@field types? table<string, string> column to type: "integer", "number", "boolean", "date", "time", or "date:%d.%m.%Y"; default text
---@field rename? table<string, string> names of columns in the file to the names that the script uses
---@field encoding? string such as "windows-1252" or "shift_jis"; default what the byte order mark says, or UTF-8

---The null of JSON.
---@class null
local null = {}

---JSON (RFC 8259). Whole numbers beyond 2^53 are strings, digit for digit.
---@class jsonlib
---@field null null stands for null where a table must keep it: nil leaves a field out
local json = {}

---The value that a JSON text holds: objects and lists are tables, null is nil. What is wrong with the text is said with its line and column.
---@param text string one JSON value
---@param opts? decode.options 
---@return any
function json.decode(text, opts) end

---The JSON text of a value. A table with the keys 1, 2, 3 … is a list, one with texts as keys an object, its names sorted; an empty table is an object unless json.array made it a list.
---@param value any nil, a boolean, number, string or table
---@param opts? encode.options 
---@return string
function json.encode(value, opts) end

---The rows of a file: an array of objects, or JSON Lines, an object on each line; the first character says which. Each object has columns of its own; to ask for one that it does not have is an error, unless columns names it.
---@param path string relative to the project folder
---@param opts? json.options 
---@return source
function json.rows(path, opts) end

---The same table, which is a list from now on even when it is empty.
---@param table table a list
---@return table
function json.array(table) end

return json
