---@meta csv
-- Generated from the descriptors in luaapi; do not edit.

---@class csv.options
---@field delimiter? string what stands between cells; default found: the one of , ; tab | in the first row
---@field columns? string|string[] the names of the columns, for a file whose first row is data
---@field decimal? "."|"," what stands in numbers between the digits; default a point
---@field types? table<string, string> column to type: "integer", "number", "boolean", "date", "time", or "date:%d.%m.%Y"; default text
---@field rename? table<string, string> names of columns in the file to the names that the script uses
---@field encoding? string such as "windows-1252" or "shift_jis"; default what the byte order mark says, or UTF-8

---@class encoded.options
---@field name? string of the part, default data.csv
---@field columns? string|string[] the names of what is written, in this order; default all of a source, or those of the first row, sorted
---@field delimiter? string what stands between cells: one character, default a comma
---@field header? boolean false leaves the row of names out
---@field excel? boolean for people who open it with Excel: a mark that it is UTF-8, and an apostrophe in front of texts that Excel would take for formulas, which may do harm where strangers wrote them

---@class written.options
---@field columns? string|string[] the names of what is written, in this order; default all of a source, or those of the first row, sorted
---@field delimiter? string what stands between cells: one character, default a comma
---@field header? boolean false leaves the row of names out
---@field excel? boolean for people who open it with Excel: a mark that it is UTF-8, and an apostrophe in front of texts that Excel would take for formulas, which may do harm where strangers wrote them

---Rows from a file, a database or a script. Each loop reads them anew, one at a time, so that any number of them fits: `for row, number in source do`.
---@class source
---@field name string what errors call it
---@field columns string[]? the names of its columns, in order; nil where each row has its own, as in JSON
local source = {}

---Every row, in a list. A source may be larger than memory: a loop is not.
---@return row[]
function source:all() end

---How many rows there are. All are read, and the first bad one raises.
---@return integer
function source:count() end

---A source of those rows that keep says true to. It is called when the rows are read.
---@param keep fun(row): boolean true or false for each row
---@return source
function source:where(keep) end

---A source of what change makes of each row: a table with names, which becomes a row with these columns alone.
---@param change fun(row): table|row what stands in the place of each row
---@return source
function source:map(change) end

---One row of a source, with a field for each column. It never changes and may be kept. An empty cell, NULL and null are nil; a column that is not there is an error.
---@class row
local row = {}

---Files of comma-separated values (RFC 4180), with any delimiter and in any encoding.
---@class csvlib
local csv = {}

---The rows of a file. The first row names the columns. Cells are text unless types says otherwise, and empty ones are nil. A bad row raises where the loop meets it, with its row and column; mailscript check finds all of them at once.
---@param path string relative to the project folder
---@param opts? csv.options 
---@return source
function csv.rows(path, opts) end

---Write rows to a file, one at a time, and return how many there were. The file is there when all of it is; after an error an older one stays as it was. Numbers have a decimal point, dates and times are those of ISO 8601, nil is an empty cell.
---@param path string a file inside the project folder
---@param rows source|table|(fun(): table|row|nil) a source, a list of rows, or a function that returns one each time and nil behind the last; a row is a table with names, or a list in the order of columns
---@param opts? written.options 
---@return integer
function csv.write(path, rows, opts) end

---A file of rows to attach, as csv.write writes it.
---@param rows source|table|(fun(): table|row|nil) a source, a list of rows, or a function that returns one each time and nil behind the last; a row is a table with names, or a list in the order of columns
---@param opts? encoded.options 
---@return part
function csv.encode(rows, opts) end

return csv
