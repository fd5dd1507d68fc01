-- html.lua: HTML with a text alternative, an answer address and a header field
-- of one's own. Clients that show no HTML show the text.

local smtp = require "smtp"
local mime = require "mime"

local message = mime.message {
  from     = mime.address("Geschäftskunden, Berlin", "business@bank.example"),
  reply_to = "service@bank.example",
  to       = "ann@example.org",
  subject  = "Your new card is on its way ✉",
  text     = "Dear Ann,\n\nyour new card is on its way.\n",
  html     = "<p>Dear Ann,</p>\n<p>your <b>new card</b> is on its way.</p>\n",
  headers  = { ["X-Campaign"] = "cards-2026" },
}
print(message:header("From"))

local result = smtp.send(message)
print(result.outcome)
