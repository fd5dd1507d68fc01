-- markdown.lua: a letter in Markdown. HTML and text are made of it; what comes from a
-- row is never read as Markdown, nor as HTML.

local merge, template = require "merge", require "template"

local letter = template.load "welcome" -- welcome.md

local people = { -- rows may be a list, too
  { name = "Ann Example", email = "ann@example.org", services = { { name = "Account", price = 0 }, { name = "Card", price = 9.5 } } },
  { name = "Bob *not bold*", email = "bob@example.org", services = { { name = "Account", price = 0 } } },
}

local run = merge.run {
  name = "welcome-2026-11", rows = people, key = "email",
  message = function(row)
    return { from = "Bank Example <welcome@bank.example>", to = row.email, template = letter, data = row }
  end,
}
print(run.sent .. " sent")
