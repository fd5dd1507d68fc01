-- weekly_sales.lua: a report of last week: numbers from a database, a chart in
-- the text and a workbook attached.
--
--   mailscript run --sink examples/weekly_sales.lua
--
-- As a job of mailscript.toml it runs on Mondays and reports the week before.

local chart = require "chart"
local job   = require "job"
local log   = require "log"
local smtp  = require "smtp"
local sql   = require "sql"
local time  = require "time"
local xlsx  = require "xlsx"

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

-- The report: everything that was sold from the first moment of the week to the last.
local from, before = week.starts:format "%Y-%m-%d", week.ends:format "%Y-%m-%d"
local total = db:one("SELECT sum(pieces) AS pieces, sum(amount) AS amount FROM sales WHERE day >= ? AND day < ?", { from, before })
if not total.pieces then job.skip("nothing was sold in " .. week.label) end

local days, series, rows = {}, {}, {}
for row in db:rows("SELECT DISTINCT day FROM sales WHERE day >= ? AND day < ? ORDER BY day", { from, before }) do
  days[#days + 1] = time.parse(row.day):format "%a"
end
for region in db:rows "SELECT region, sum(pieces) AS pieces, sum(amount) AS amount FROM sales GROUP BY region ORDER BY region" do
  local values = {}
  for row in db:rows("SELECT amount FROM sales WHERE region = ? ORDER BY day", { region.region }) do
    values[#values + 1] = row.amount
  end
  series[#series + 1] = { name = region.region, values = values }
  rows[#rows + 1] = ("<tr><td>%s</td><td align='right'>%d</td><td align='right'>€ %.2f</td></tr>"):format(region.region, region.pieces, region.amount)
end

local sales = chart.bar { title = "Sales, " .. week.label, labels = days, series = series, stacked = true, prefix = "€ " }
local book  = xlsx.workbook {
  name   = "sales-" .. week.key .. ".xlsx",
  sheets = {
    {
      name    = "Sales",
      rows    = db:rows("SELECT day, region, pieces, amount FROM sales WHERE day >= ? AND day < ? ORDER BY day, region", { from, before }),
      columns = {
        { name = "day", title = "Day", type = "date" },
        { name = "region", title = "Region" },
        { name = "pieces", title = "Pieces", type = "integer" },
        { name = "amount", title = "Amount", type = "money", currency = "€" },
      },
    },
    {
      name    = "Regions",
      rows    = db:rows "SELECT region, sum(amount) AS amount FROM sales GROUP BY region ORDER BY region",
      columns = { { name = "region", title = "Region" }, { name = "amount", title = "Amount", type = "money", currency = "€" } },
    },
  },
}

local result = smtp.send {
  from    = "Reports <reports@shop.example>",
  to      = "sales@shop.example",
  subject = ("Sales of %s: %d pieces"):format(week.label, total.pieces),
  html    = "<h1>Sales of " .. week.label .. "</h1><p>" .. sales:img "sales" .. "</p>"
    .. "<table><tr><th align='left'>Region</th><th align='right'>Pieces</th><th align='right'>Amount</th></tr>" .. table.concat(rows) .. "</table>"
    .. "<p>Every sale is in the workbook.</p>",
  inline  = { sales = sales },
  attach  = book,
  auto_submitted = "auto-generated",
}
log.info("report sent", { week = week.key, pieces = total.pieces, outcome = result.outcome })
print(result.outcome, book.name)
