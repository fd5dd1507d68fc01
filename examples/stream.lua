-- stream.lua: a hundred messages over one connection, many on their way at a
-- time (RFC 2920, RFC 3030); results come in order.

local smtp = require "smtp"
local mime = require "mime"

local terms = mime.file "terms.pdf"

-- The next message each time it is called; nil after the last.
local people = coroutine.wrap(function()
  for i = 1, 100 do
    coroutine.yield {
      from = "Bank <news@bank.example>", to = ("person%d@example.org"):format(i),
      subject = "Terms from January", text = "Hello, these are the new terms.\n", attach = { terms },
    }
  end
end)

local session = smtp.connect()
session:auth()

local sent, later = 0, {}
for result, number in session:stream(people, { messages = 32 }) do
  if result.ok then
    sent = sent + 1
  elseif result.temporary then
    later[#later + 1] = result -- a retry needs the session: when the loop is over
  else
    print(number, result.outcome, result.code, result.text)
  end
end
for _, result in ipairs(later) do
  print("again:", result:retry().outcome)
end
print("sent:", sent)
session:quit()
