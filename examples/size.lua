-- size.lua: what a server takes (SIZE, RFC 1870; LIMITS, RFC 9422), known before anything is sent.
--
--   mailscript run --sink examples/size.lua

local smtp = require "smtp"

local session = smtp.connect()
session:auth()
print("messages up to", session.max_size and ("%.0f MB"):format(session.max_size / 1e6) or "no limit is named")
print("recipients and messages", session.capabilities.LIMITS or "no limit is named")

-- A message that is too large is refused here, without a byte of it on the wire.
if session.max_size then
  local result = session:send {
    from = "news@bank.example", to = "ann@example.org",
    subject = "Too large", text = ("x"):rep(session.max_size),
  }
  print(result.outcome, result.code, result.text)
  result:handled "as expected"
end
session:quit()
