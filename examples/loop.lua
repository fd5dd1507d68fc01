-- loop.lua: a list of recipients, one message each, with reply codes and a
-- second try for those the server refused for now (4xx).
--
--   mailscript run examples/loop.lua -- mail.example.org
--
-- A loop is for a handful of messages, and for what no merge does: commands of one's own,
-- a message that depends on the reply to the last one. It goes one by one, sleeps while it
-- waits for a second try, and remembers nothing: run again, it sends all of them again.
-- merge.run (newsletter.lua, retries.lua) is for a message to each row of a list: it sends
-- many at a time, tries again by itself, and after a crash goes on where it ended. Where
-- order matters and speed too, there is session:stream (stream.lua).

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
