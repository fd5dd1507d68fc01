-- newsletter.lua: a mail merge. Everybody in people.csv gets newsletter.html, filled
-- with their row, and a link that unsubscribes with one click.
--
--   mailscript check examples/newsletter.lua         what is wrong with the rows?
--   mailscript run --sink examples/newsletter.lua    a rehearsal: nothing leaves the machine

local merge, csv, template = require "merge", require "csv", require "template"

local letter = template.load "newsletter" -- newsletter.html, with its subject and layout

local run = merge.run {
  name = "newsletter-2026-11", -- run it again, and only who has none yet gets one
  rows = csv.rows("people.csv", { types = { saved = "number", since = "date" } }),
  key  = "email",
  rate = "20/s",
  message = function(row)
    if row.wants_news == "no" then return merge.skip("wants no news") end
    return {
      from = "Bank news <news@bank.example>",
      to   = row.email,
      template = letter, data = row,
      list = { -- what large providers ask of mail to many
        id          = "Bank news <news.bank.example>",
        unsubscribe = { "https://bank.example/off/" .. row.token, "mailto:news-off@bank.example?subject=" .. row.token },
        one_click   = true, -- the link must be the recipient's own
      },
    }
  end,
  on_result = function(row, result)
    if not result.ok and result.outcome ~= "skipped" then print(row and row.email, result.code, result.reason) end
  end,
}
print(run.sent .. " sent, " .. run.skipped .. " skipped")
