---@meta chart
-- Generated from the descriptors in luaapi; do not edit.

---@class bar.options
---@field stacked? boolean the bars of several series on top of each other; default side by side
---@field series? number[]|{ name: string, values: number[] }[] the numbers of one series, or a list of series; nil and json.null are gaps, texts such as "12.50" from a database are numbers; required
---@field labels? (string|number|time|period)[] names of the points, or of the slices of a pie
---@field title? string stands above
---@field width? integer in pixels of the page, default 600
---@field height? integer in pixels of the page, default 340
---@field scale? integer pixels of the picture for each of the page, 1 to 4, default 2
---@field colors? string|string[] of the series, or slices, such as "#1f5fa8"
---@field style? "plain"|"percent"|"compact" how numbers are written: as they are (default), 0.25 as 25%, 12500 as 12.5k
---@field decimals? integer digits behind the point; default as many as needed, 2 at most
---@field separators? string as in "1,234.5" (default), "1.234,5", "1 234,5", "1'234.5", "1234.5", "1234,5"
---@field prefix? string in front of numbers, such as "€ "
---@field suffix? string behind numbers, such as " km"
---@field font? string a TrueType file, for writing that is not Latin, Greek or Cyrillic
---@field name? string of the part, default chart.png

---@class chart.options
---@field series? number[]|{ name: string, values: number[] }[] the numbers of one series, or a list of series; nil and json.null are gaps, texts such as "12.50" from a database are numbers; required
---@field labels? (string|number|time|period)[] names of the points, or of the slices of a pie
---@field title? string stands above
---@field width? integer in pixels of the page, default 600
---@field height? integer in pixels of the page, default 340
---@field scale? integer pixels of the picture for each of the page, 1 to 4, default 2
---@field colors? string|string[] of the series, or slices, such as "#1f5fa8"
---@field style? "plain"|"percent"|"compact" how numbers are written: as they are (default), 0.25 as 25%, 12500 as 12.5k
---@field decimals? integer digits behind the point; default as many as needed, 2 at most
---@field separators? string as in "1,234.5" (default), "1.234,5", "1 234,5", "1'234.5", "1234.5", "1234,5"
---@field prefix? string in front of numbers, such as "€ "
---@field suffix? string behind numbers, such as " km"
---@field font? string a TrueType file, for writing that is not Latin, Greek or Cyrillic
---@field name? string of the part, default chart.png

---Charts as pictures (PNG) for mail: sharp on fine displays, readable in print and with colour-blind eyes. A table is better told in HTML.
---@class chartlib
local chart = {}

---Draw lines, with points at even distances. The part goes into inline = { NAME = part }, and part:img("NAME") into the HTML.
---@param description chart.options what to draw
---@return part
function chart.line(description) end

---Draw bars. The part goes into inline = { NAME = part }, and part:img("NAME") into the HTML.
---@param description bar.options what to draw
---@return part
function chart.bar(description) end

---Draw a pie with a table of its slices: of one series, with a label for each number. The part goes into inline = { NAME = part }, and part:img("NAME") into the HTML.
---@param description chart.options what to draw
---@return part
function chart.pie(description) end

return chart
