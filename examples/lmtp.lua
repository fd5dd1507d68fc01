-- lmtp.lua: LMTP (RFC 2033), the last hop into mailboxes: one answer for each recipient.
--
--   mailscript run examples/lmtp.lua -- /var/run/dovecot/lmtp
--
-- In a rehearsal with --sink it is SMTP that is spoken.

local smtp = require "smtp"

local session = smtp.connect { socket = arg[1] or "/var/run/dovecot/lmtp", protocol = "lmtp" }
local result = session:send {
  from = "news@bank.example", to = { "ann@example.org", "bob@example.org" },
  subject = "Hello", text = "Hello\n",
}
for _, r in ipairs(result.recipients) do print(r.address, r.code, r.text) end
session:quit()
