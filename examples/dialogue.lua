-- dialogue.lua: the protocol underneath, one command and one reply at a time,
-- as one would type it into a terminal. What the server answers is a value.

local smtp = require "smtp"

local session = smtp.connect()
print("greeting", session.greeting.code)
print("starts with", session:offers "PIPELINING" and "PIPELINING" or "no PIPELINING")
session:auth()

print("MAIL", session:mail("news@bank.example").code)
print("RCPT", session:rcpt("ann@example.org").code)
print("RCPT", session:command("RCPT TO:<not an address>").code)
local reply = session:data()
print("DATA", reply.code)
if reply.code == 354 then
  local answer = session:body("From: news@bank.example\r\nTo: ann@example.org\r\nSubject: By hand\r\n"
    .. "Date: Thu, 26 Nov 2026 10:00:00 +0100\r\nMessage-ID: <by-hand-1@bank.example>\r\n\r\n"
    .. "Hello Ann\r\n.\r\nThe line above is a single dot.\r\n")
  print("message", answer.code)
end
print("VRFY", session:verify("postmaster").code)

-- Errors of the connection raise; try turns them into a value.
session:close()
local ok, fault = try(function() return session:noop() end)
print(ok, fault.kind)
