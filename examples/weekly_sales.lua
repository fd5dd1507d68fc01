-- weekly_sales.lua: a report of last week: numbers from a database, a chart in
-- the text and a workbook attached.
--
--   mailscript run --sink examples/weekly_sales.lua      a database of its own, with sales made up
--   mailscript run examples/weekly_sales.lua -- shop     that of [database.shop] in mailscript.toml, PostgreSQL or SQLite,
--                                                        with the table that is made below
--
-- As a job of mailscript.toml, with args = ["shop"], it runs on Mondays and reports
-- the week before.

local chart    = require "chart"
local job      = require "job"
local log      = require "log"
local smtp     = require "smtp"
local sql      = require "sql"
local template = require "template"
local time     = require "time"
local xlsx     = require "xlsx"

local week = job.period and job.period:previous() or time.period("last week")

local db = sql.open(arg[1] or "sqlite:weekly_sales.db?mode=rwc")
if not arg[1] then
  db:exec "DROP TABLE IF EXISTS sales"
  db:exec "CREATE TABLE sales (day date, region text, product text, pieces integer, amount numeric(12, 2))"
  db:transaction(function(tx)
    for day = 0, 6 do
      for number, region in ipairs { "North", "South", "West" } do
        local pieces = (day * 7 + number * 5) % 11 + 3
        tx:exec("INSERT INTO sales VALUES ($1, $2, $3, $4, $5)", { week.starts:add({ days = day }):format "%Y-%m-%d", region, "Tea", pieces, pieces * 19.9 })
      end
    end
  end)
end

-- Everything that was sold from the first moment of the week to the last.
local bounds = { week.starts:format "%Y-%m-%d", week.ends:format "%Y-%m-%d" }
local function query(columns, rest)
  return "SELECT " .. columns .. " FROM sales WHERE day >= $1 AND day < $2 " .. (rest or "")
end

-- The database adds up: it is exact with money, to the cent.
local total = db:one(query "sum(pieces) AS pieces, sum(amount) AS amount", bounds)
if not total.pieces then job.skip("nothing was sold in " .. week.label) end
local regions = db:all(query("region, sum(pieces) AS pieces, sum(amount) AS amount", "GROUP BY region ORDER BY sum(amount) DESC, region"), bounds)

-- A series for each of the largest regions, and one for all others, so that their
-- colours can be told apart however many there are.
local labels, place = {}, {}
for day = 1, 7 do
  local date = week.starts:add { days = day - 1 }
  labels[day], place[date:format "%Y-%m-%d"] = date:format "%a", day
end
local series, of = {}, {}
for i, row in ipairs(regions) do
  if i <= 6 or #regions == 7 then series[i] = { name = row.region, values = {} }
  elseif i == 7 then series[i] = { name = #regions - 6 .. " others", values = {} } end
  of[row.region] = series[math.min(i, 7)].values
end
for row in db:rows(query("day, region, sum(amount) AS amount", "GROUP BY day, region"), bounds) do
  local values, day = of[row.region], place[row.day:format "%Y-%m-%d"]
  values[day] = (values[day] or 0) + row.amount
end
-- No wider, because telephones shrink it, and its writing, to what they have.
local sales = chart.bar { title = "Sales by day", labels = labels, series = series, stacked = true, prefix = "€", width = 480, height = 300 }

local book = xlsx.workbook {
  name   = "sales-" .. week.key .. ".xlsx",
  sheets = {
    {
      name    = "Sales",
      rows    = db:rows(query("day, region, product, pieces, amount", "ORDER BY day, region, product"), bounds),
      columns = {
        { name = "day", title = "Day", type = "date" },
        { name = "region", title = "Region" },
        { name = "product", title = "Product" },
        { name = "pieces", title = "Pieces", type = "integer" },
        { name = "amount", title = "Amount", type = "money", currency = "€" },
      },
    },
    {
      name    = "Regions",
      rows    = regions,
      columns = {
        { name = "region", title = "Region" },
        { name = "pieces", title = "Pieces", type = "integer" },
        { name = "amount", title = "Amount", type = "money", currency = "€" },
      },
    },
  },
}

-- A template, because names that come from a database may hold anything: it
-- makes text of them, and never markup. The styles end up in the elements.
local letter = template.new {
  subject = "Sales of {{.week}}: {{.total.pieces}} pieces",
  html    = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{template "subject" .}}</title>
<style>
body { font: 15px/1.4 Arial, Helvetica, sans-serif; color: #222; background: #fff; margin: 16px }
h1 { font-size: 22px; margin: 0 0 12px }
img { max-width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; max-width: 480px }
th, td { padding: 6px 8px; border-bottom: 1px solid #ddd; text-align: left }
th { background: #f3f5f7 }
.number { text-align: right; white-space: nowrap }
</style>
</head>
<body>
<h1>Sales of {{.week}}</h1>
<p><img src="cid:sales" width="{{.chart.width}}" height="{{.chart.height}}" alt="{{.chart.alt}}"></p>
<table>
<tr><th>Region</th><th class="number">Pieces</th><th class="number">Amount</th></tr>
{{range .regions}}<tr><td>{{.region}}</td><td class="number">{{.pieces}}</td><td class="number">{{.amount | money "EUR"}}</td></tr>
{{end}}<tr><th>All</th><th class="number">{{.total.pieces}}</th><th class="number">{{.total.amount | money "EUR"}}</th></tr>
</table>
<p>Every sale is in the workbook.</p>
</body>
</html>]],
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
