-- statement.lua: the monthly statement of each customer: a merge inside a job. Its
-- name has the month in it, so that a run that was cut short goes on with those
-- who got none yet, and the next month is a run of its own.
--
--   mailscript run --sink examples/statement.lua

local csv   = require "csv"
local job   = require "job"
local log   = require "log"
local merge = require "merge"
local time  = require "time"

-- As a job it runs in a month and is about the one before.
local month = job.period and job.period:previous() or time.period("last month")

-- These come from a database otherwise: db:rows("SELECT … WHERE day >= ? AND day < ?", { … }).
local customers = {
  { id = "17", name = "Ann",  email = "ann@example.org",  bookings = { { "Rent", -700 }, { "Salary", 2100.5 } } },
  { id = "18", name = "Bob",  email = "bob@example.org",  bookings = { { "Salary", 1800 } } },
  { id = "19", name = "Cleo", email = "cleo@example.org", bookings = {} },
  { id = "20", name = "Dora", email = "dora@example.org", bookings = { { "Books", -31.9 }, { "=Refund", 12 } } },
}

local run = merge.run {
  name = "statement-" .. month.key,
  key  = "id",
  rows = customers,
  message = function(row)
    if #row.bookings == 0 then return merge.skip("no bookings in " .. month.label) end
    local sum = 0
    for _, booking in ipairs(row.bookings) do sum = sum + booking[2] end
    return {
      from    = "Bank <statements@bank.example>",
      to      = row.email,
      subject = "Your statement of " .. month.label,
      text    = ("Dear %s,\n\nyour bookings of %s come to %.2f €. They are attached.\n"):format(row.name, month.label, sum),
      -- For people with Excel: what strangers wrote is never a formula.
      attach  = csv.encode(row.bookings, { name = "statement-" .. month.key .. ".csv", columns = { "text", "amount" }, excel = true }),
    }
  end,
  on_result = function(row, result)
    if not result.ok and result.outcome ~= "skipped" then log.warn("no statement", { customer = row.id, outcome = result.outcome, code = result.code }) end
  end,
}
log.info("statements", { month = month.key, sent = run.sent, skipped = run.skipped })
print(run.sent, run.skipped)
if run.rows == 0 then job.skip("no customers") end
