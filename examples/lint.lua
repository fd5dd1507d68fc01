-- lint.lua: look at a message before it goes, and do not send what is broken.
-- `mailscript lint lint.lua` does it from outside, for every script.

local smtp = require "smtp"
local mime = require "mime"

local function check(message)
  local broken = false
  for _, remark in ipairs(message:lint { ignore = "line-long" }) do
    print(remark.severity, remark.text, remark.hint)
    broken = broken or remark.severity == "error"
  end
  return not broken
end

local good = mime.message { from = "a@bank.example", to = "ann@example.org", subject = "Rates", text = "Dear Ann,\n" }
local bad = good:with { text = "Dear {{name}},\n" }

for _, message in ipairs { good, bad } do
  if check(message) then print(smtp.send(message).outcome) end
end
