-- notices.lua: delivery status notifications (RFC 3461), for all recipients and for single ones.
--
--   mailscript run --sink examples/notices.lua

local smtp = require "smtp"

local session = smtp.connect()
session:auth()
if not session:offers "DSN" then
  print("this server sends notices as it pleases")
  return
end

local result = session:send({
  from = "news@bank.example", to = { "ann@example.org", "bob@example.org" },
  subject = "Please confirm", text = "Did this arrive?\n",
}, {
  dsn = {
    notify = { "failure", "delay" },        -- for everybody
    ret = "HDRS",                           -- notices return the header only
    envid = "campaign-7/2026",              -- and come back with this
    recipients = {
      ["bob@example.org"] = { notify = { "success", "failure" }, orcpt = "rfc822;bob@old.example" },
    },
  },
})
for _, r in ipairs(result.recipients) do print(r.address, r.code, r.text) end
session:quit()
