-- report.lua: sales of the week before by region, as a chart and a table. Try it:
--
--   mailscript jobs run --sink weekly-sales

local smtp, csv, chart, template = require "smtp", require "csv", require "chart", require "template"
local job, time = require "job", require "time"

-- The week of the job's period, or the present one where it has none.
local week = (job.period or time.period("this week")):previous()

local regions, names, amounts, total = {}, {}, {}, 0
for row in csv.rows("sales.csv", { types = { orders = "integer", amount = "number" } }) do
  if row.orders > 0 then
    regions[#regions + 1] = { name = row.region, orders = row.orders, amount = row.amount }
    names[#names + 1], amounts[#amounts + 1] = row.region, row.amount
    total = total + row.amount
  end
end
if #regions == 0 then job.skip("nobody bought anything in " .. week.key) end

local result = smtp.send {
  from     = "Reports <reports@example.org>",
  to       = "you@example.org",
  subject  = "Sales in " .. week.key,
  template = template.load "report",
  data     = { week = week.key, regions = regions, total = total },
  inline   = { sales = chart.bar { title = "Sales by region", labels = names, series = amounts, prefix = "€ " } },
}
print(result.outcome, result.code, result.text)
