-- mx.lua: straight to the mail servers of a domain, without a relay of one's own.
--
--   mailscript run --sink examples/mx.lua
--   mailscript run examples/mx.lua -- example.org
--
-- Many networks block port 25, and many servers take no mail from addresses like yours: for
-- everyday mail, use your provider's server. This is for probing.

local smtp = require "smtp"

local session = smtp.connect { mx = arg[1] or "example.org" }
print(session.greeting.text)
print("encrypted", session.tls and session.tls.version or "no")

-- Ask for a recipient and send nothing.
local check = session:send({ from = "probe@bank.example", to = "postmaster@" .. (arg[1] or "example.org"), text = "x" }, { stop_after = "rcpt" })
for _, r in ipairs(check.recipients) do print(r.address, r.code, r.text) end
session:quit()
