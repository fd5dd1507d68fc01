-- pipeline.lua: several commands in one write, the replies in order (RFC 2920),
-- and a check of recipients that sends nothing.

local smtp = require "smtp"
local mime = require "mime"

local session = smtp.connect()
session:auth()

local replies = session:pipeline {
  "MAIL FROM:<news@bank.example>",
  "RCPT TO:<ann@example.org>",
  "RCPT TO:<bob@example.org>",
  "RSET",
}
for i, reply in ipairs(replies) do
  print(i, reply.command, reply.code)
end

local message = mime.message {
  from = "news@bank.example", to = { "ann@example.org", "bob@example.org" },
  subject = "Never sent", text = "Nobody reads this.\n",
}
local check = session:send(message, { stop_after = "rcpt" })
print("would be accepted:", check.ok, #check.accepted .. " of " .. #check.recipients)
session:quit()
