-- token.lua: logging in with an OAuth 2 access token (XOAUTH2, OAUTHBEARER) that something else has fetched.
--
--   mailscript run --sink examples/token.lua
--   ACCESS_TOKEN=… mailscript run examples/token.lua -- you@gmail.com

local smtp = require "smtp"
local secret = require "secret"

local session = smtp.connect { host = "smtp.gmail.com", port = 465 }
local reply, fault = try(session.auth, session, { username = arg[1] or "you@gmail.com", token = secret.env "ACCESS_TOKEN" })
if fault then
  print(fault.code, fault.message)        -- says what the server has against the token
  os.exit(1)
end
print(reply.code, reply.text)
session:quit()
