-- starttls.lua: the submission port 587, where a session begins in clear text
-- and STARTTLS encrypts it before anybody logs in. A server without it is an
-- error, never a silent fallback.

local smtp = require "smtp"

local session = smtp.connect {
  host = "mail.bank.example", port = 587,
  username = "reports@bank.example", password = "a password of your own",
}
print(session.tls.version, session.tls.server_name)
session:auth()

local result = session:send {
  from = "reports@bank.example", to = "ann@example.org",
  subject = "Encrypted on its way", text = "Nobody on the way reads this.\n",
}
print(result.outcome, result.recipients[1].code)
session:quit()
