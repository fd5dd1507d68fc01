-- weekly_sales.lua: a report of last week: numbers from a database, a chart in
-- the text and a workbook attached.
--
--   mailscript run --sink examples/weekly_sales.lua
--
-- As a job of mailscript.toml it runs on Mondays and reports the week before.

local chart    = require "chart"
local job      = require "job"
local log      = require "log"
local smtp     = require "smtp"
local sql      = require "sql"
local template = require "template"
local time     = require "time"
local xlsx     = require "xlsx"

local week = job.period and job.period:previous() or time.period("last week")

-- A database of its own, so that the example runs anywhere. Yours is there
-- already: sql.open "shop", with [database.shop] in mailscript.toml.
local db = sql.open "sqlite:weekly_sales.db?mode=rwc"
db:exec "DROP TABLE IF EXISTS sales"
db:exec "CREATE TABLE sales (day TEXT, region TEXT, pieces INTEGER, amount NUMERIC)"
db:transaction(function(tx)
  for day = 0, 6 do
    for number, region in ipairs { "North", "South", "West" } do
      local pieces = (day * 7 + number * 5) % 11 + 3
      tx:exec("INSERT INTO sales VALUES (?, ?, ?, ?)", { week.starts:add({ days = day }):format "%Y-%m-%d", region, pieces, pieces * 19.9 })
    end
  end
end)

-- Everything that was sold from the first moment of the week to the last.
local bounds = { week.starts:format "%Y-%m-%d", week.ends:format "%Y-%m-%d" }
local total = db:one("SELECT sum(pieces) AS pieces, sum(amount) AS amount FROM sales WHERE day >= ? AND day < ?", bounds)
if not total.pieces then job.skip("nothing was sold in " .. week.label) end

local regions = db:all("SELECT region, sum(pieces) AS pieces, sum(amount) AS amount FROM sales WHERE day >= ? AND day < ? GROUP BY region ORDER BY region", bounds)

-- A series for each region, with a value for each day; a day without sales stays empty.
local labels, series = {}, {}
for day = 0, 6 do labels[#labels + 1] = week.starts:add({ days = day }):format "%a" end
for i, row in ipairs(regions) do
  local values = {}
  for one in db:rows("SELECT day, sum(amount) AS amount FROM sales WHERE region = ? AND day >= ? AND day < ? GROUP BY day", { row.region, bounds[1], bounds[2] }) do
    values[time.parse(one.day).weekday] = one.amount
  end
  series[i] = { name = row.region, values = values }
end
local sales = chart.bar { title = "Sales by day", labels = labels, series = series, stacked = true, prefix = "€" }

local book = xlsx.workbook {
  name   = "sales-" .. week.key .. ".xlsx",
  sheets = {
    {
      name    = "Sales",
      rows    = db:rows("SELECT day, region, pieces, amount FROM sales WHERE day >= ? AND day < ? ORDER BY day, region", bounds),
      columns = {
        { name = "day", title = "Day", type = "date" },
        { name = "region", title = "Region" },
        { name = "pieces", title = "Pieces", type = "integer" },
        { name = "amount", title = "Amount", type = "money", currency = "€" },
      },
    },
    {
      name    = "Regions",
      rows    = regions,
      columns = { { name = "region", title = "Region" }, { name = "amount", title = "Amount", type = "money", currency = "€" } },
    },
  },
}

-- A template, because names that come from a database may hold anything: it
-- makes text of them, and never markup.
local letter = template.new {
  subject = "Sales of {{.week}}: {{.total.pieces}} pieces",
  html    = [[
<h1>Sales of {{.week}}</h1>
<p><img src="cid:sales" width="{{.chart.width}}" height="{{.chart.height}}" alt="{{.chart.alt}}"></p>
<table>
<tr><th align="left">Region</th><th align="right">Pieces</th><th align="right">Amount</th></tr>
{{range .regions}}<tr><td>{{.region}}</td><td align="right">{{.pieces}}</td><td align="right">{{.amount | money "EUR"}}</td></tr>
{{end}}<tr><th align="left">All</th><th align="right">{{.total.pieces}}</th><th align="right">{{.total.amount | money "EUR"}}</th></tr>
</table>
<p>Every sale is in the workbook.</p>]],
}

local result = smtp.send {
  from     = "Reports <reports@shop.example>",
  to       = "sales@shop.example",
  template = letter,
  data     = { week = week.label, total = total, regions = regions, chart = sales },
  inline   = { sales = sales },
  attach   = book,
  auto_submitted = "auto-generated",
}
log.info("report sent", { week = week.key, pieces = total.pieces, outcome = result.outcome })
print(result.outcome, book.name)
