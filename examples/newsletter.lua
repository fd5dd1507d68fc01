-- newsletter.lua: what large providers ask of mail to many: who the list is, a
-- link that unsubscribes with one click, and a text beside the HTML, which is
-- made of it here.

local smtp = require "smtp"

for number, name in ipairs { "ann", "bob" } do
  local result = smtp.send {
    from    = "Bank news <news@bank.example>",
    to      = name .. "@example.org",
    subject = "Rates of November",
    html    = "<h1>Rates of November</h1><p>Savings now earn <b>2 %</b>. "
      .. "<a href='https://bank.example/rates'>All rates</a></p>",
    list    = {
      id          = "Bank news <news.bank.example>",
      -- The link must be the recipient's own: whoever calls it is unsubscribed.
      unsubscribe = { "https://bank.example/unsubscribe/" .. number, "mailto:news-off@bank.example?subject=" .. number },
      one_click   = true,
      help        = "https://bank.example/news",
    },
    auto_submitted = "auto-generated",
  }
  print(name, result.outcome)
end
