-- chunking.lua: BDAT (RFC 3030), for a whole message and chunk by chunk.
--
--   mailscript run --sink examples/chunking.lua

local smtp = require "smtp"
local mime = require "mime"

local session = smtp.connect()
session:auth()
if not session:offers "CHUNKING" then
  print("this server has no BDAT")
  return
end

-- A whole message: like any other, only that no dot is doubled on the way.
local message = mime.message {
  from = "news@bank.example", to = "ann@example.org",
  subject = "In one chunk", text = ".a dot at the beginning of a line\n",
}
print("whole", session:send(message, { transfer = "BDAT" }).outcome)

-- By hand: each chunk has an answer, and only the last one ends the message.
session:mail "news@bank.example"
session:rcpt "ann@example.org"
local text = message:with({ subject = "In chunks" }):bytes()
print("first", session:bdat(text:sub(1, 100)).code)
print("last", session:bdat(text:sub(101), true).code)

session:quit()
