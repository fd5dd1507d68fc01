---@meta xlsx
-- Generated from the descriptors in luaapi; do not edit.

---@class sheet.options
---@field sheet? string its name; default the first one that is not hidden
---@field header? integer the number of the row that names the columns; default the first one that is not empty
---@field types? table<string, string> column to type, as for csv.rows; default what the cells are
---@field rename? table<string, string> names of columns in the file to the names that the script uses

---@class workbook.options
---@field name? string of the file, such as "sales.xlsx"; required
---@field sheets? { name: string, rows: source|table|function, columns?: (string|table)[] }[] a list of { name, rows, columns }, as said above; required
---@field title? string in the properties of the file
---@field author? string in the properties of the file

---Workbooks of Excel and LibreOffice (Office Open XML).
---@class xlsxlib
local xlsx = {}

---The rows of a sheet, with the values of its cells: texts, numbers, booleans, and dates as times. Of a formula it is the value that the file holds.
---@param path string relative to the project folder
---@param opts? sheet.options 
---@return source
function xlsx.rows(path, opts) end

---A workbook to attach: sheets of typed columns under a bold header that stays in place, written one row at a time. A sheet has a name, rows (a source, a list of rows, or a function that returns one each time; a row is a table with names, or a list in the order of columns) and columns, without which they are those of the source, or of the first row by name. A column is a name, or { name = "amount", title = "Amount", type = "money", currency = "€", format = "0.00", width = 12 }; the types are any, text, number, integer, money, percent, date, time and bool, and money, number and the like read what a database has as text. A text is a text, whatever it looks like; what a spreadsheet would cut or round is a fault that says where.
---@param description workbook.options name and sheets
---@return part
function xlsx.workbook(description) end

return xlsx
