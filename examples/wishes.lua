-- wishes.lua: what a message can ask of the servers on its way: TLS, a deadline, a later time, a priority.
--
--   mailscript run --sink examples/wishes.lua

local smtp = require "smtp"

local session = smtp.connect()
session:auth()

local wishes = {
  { "REQUIRETLS",    { require_tls = true } },                                   -- TLS all the way (RFC 8689)
  { "DELIVERBY",     { deliver_by = { within = "2h", late = "return" } } },      -- or send it back (RFC 2852)
  { "FUTURERELEASE", { hold_for = "30m" } },                                     -- not before (RFC 4865)
  { "MT-PRIORITY",   { priority = 3 } },                                         -- before others (RFC 6710)
}
for _, wish in ipairs(wishes) do
  local keyword, options = wish[1], wish[2]
  -- A wish the server does not offer would raise: it is never dropped.
  if session:offers(keyword) then
    local message = { from = "news@bank.example", to = "ann@example.org", subject = "A wish: " .. keyword, text = "Hello\n" }
    local result = session:send(message, options)
    print(keyword, result.outcome, result.code)
  else
    print(keyword, "not offered")
  end
end
session:quit()
