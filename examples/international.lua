-- international.lua: addresses that are not ASCII (RFC 6531), and what to do where a server cannot carry them.
--
--   mailscript run --sink examples/international.lua

local smtp = require "smtp"

local session = smtp.connect()
session:auth()

for _, to in ipairs { "ann@bücher.example", "jürgen@bücher.example" } do
  -- A domain always travels in its ASCII form; only a name before the @ needs SMTPUTF8.
  local result = session:send { from = "news@bank.example", to = to, subject = "Geschäftsbericht", text = "Hallo\n" }
  print(to, result.outcome, result.code, result.enhanced)
  if result.enhanced == "5.6.7" then print("  ask for another address: this server cannot carry it") end
end
session:quit()
