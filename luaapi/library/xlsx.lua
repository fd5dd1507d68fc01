---@meta xlsx
-- Generated from the descriptors in luaapi; do not edit.

---@class sheet.options
---@field sheet? string its name; default the first one that is not hidden
---@field header? integer the number of the row that names the columns; default the first one that is not empty
---@field types? table<string, string> column to type, as for csv.rows; default what the cells are
---@field rename? table<string, string> names of columns in the file to the names that the script uses

---Workbooks of Excel and LibreOffice (Office Open XML).
---@class xlsxlib
local xlsx = {}

---The rows of a sheet, with the values of its cells: texts, numbers, booleans, and dates as times. Of a formula it is the value that the file holds.
---@param path string relative to the project folder
---@param opts? sheet.options 
---@return source
function xlsx.rows(path, opts) end

return xlsx
