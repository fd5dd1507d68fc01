-- signed.lua: mail signed with the key of mailscript.toml beside it (DKIM). What
-- is from the key's domain is signed by itself; dkim = true insists on it.

local smtp = require "smtp"
local mime = require "mime"

local message = mime.message {
  from    = "Bank <news@bank.example>",
  to      = "ann@example.org",
  subject = "Signed",
  text    = "Nobody can change this on its way without being seen.\n",
  dkim    = true,
}

-- The bytes are signed only where that is asked for.
print(message:bytes { dkim = true }:match "DKIM%-Signature: [^;]*;")
print(message:bytes():match "DKIM%-Signature")

print(smtp.send(message).outcome)

-- A key of another domain would help nobody, so that this is refused.
local result, fault = try(smtp.send, message:with { from = "ann@elsewhere.example" })
print(result, fault.message)
