-- attachments.lua: a file, bytes made by the script under a name that is not
-- ASCII, and one attachment shared by several messages.

local smtp = require "smtp"
local mime = require "mime"

local terms = mime.file "terms.pdf"                      -- read and encoded once
local rates = mime.bytes("currency,rate\nUSD,1.09\nJPY,161.2\n", { name = "Kurse für März.csv" })

for _, to in ipairs { "ann@example.org", "bob@example.org" } do
  local result = smtp.send {
    from = "rates@bank.example", to = to, subject = "Rates of the day",
    text = "The rates of the day are attached.\n",
    attach = { terms, rates },
  }
  print(to, result.outcome)
end
