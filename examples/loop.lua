-- loop.lua: a list of recipients, one message each, with reply codes and a
-- second try for those the server refused for now (4xx).
--
--   mailscript run examples/loop.lua -- mail.example.org

local smtp = require "smtp"
local mime = require "mime"
local time = require "time"

local people = {
  { name = "Ann",   email = "ann@example.org" },
  { name = "Bob",   email = "bob@example.org" },
  { name = "Carol", email = "carol@example.net" },
}

local letter = mime.message {
  from = "News <news@bank.example>", to = people[1].email,
  subject = "News", text = "Nothing new.\n",
}

local session = smtp.connect(arg[1] and { host = arg[1] } or nil)
if session:offers "AUTH" then session:auth() end

for _, person in ipairs(people) do
  -- A changed copy: nothing of one person's mail can leak into the next.
  local message = letter:with {
    to = mime.address(person.name, person.email),
    subject = "News for " .. person.name,
  }
  local result = session:send(message)
  for wait = 1, 2 do
    if not result.temporary then break end
    print(person.email, result.code, "again in " .. wait .. " s")
    time.sleep(wait)
    result = result:retry()
  end
  print(person.email, result.outcome, result.code, result.text)
  if result.outcome == "failed" then
    result:handled("the address is on the list of those to call")
  end
end
session:quit()
