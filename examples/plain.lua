-- plain.lua: the shortest mail there is: plain text, sent in one call.

local smtp = require "smtp"

local result = smtp.send {
  from    = "reports@bank.example",
  to      = "ann@example.org",
  subject = "Backup finished",
  text    = "The backup finished without errors.\n",
}
print(result.outcome, result.code, result.message_id and "with a Message-ID")
