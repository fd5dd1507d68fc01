-- hello.lua: one message with text, HTML, an inline picture and an attachment.
--
--   mailscript run --sink examples/hello.lua

local smtp = require "smtp"
local mime = require "mime"

local session = smtp.connect()          -- account "default" of mailscript.toml, or the sink
session:auth()                          -- the strongest mechanism both sides have

local message = mime.message {
  from    = "Bank <news@bank.example>",
  to      = { "Ann Example <ann@example.org>", "bob@example.org" },
  subject = "Neue Geschäftsbedingungen",
  text    = "Hello Ann,\n\nour terms have changed. You find them attached.\n",
  html    = [[<h1>Hello Ann</h1>
<p><img src="cid:bear" alt="Our bear, smiling"></p>
<p>Our terms have changed. You find them attached.</p>
]],
  inline  = { bear = mime.file "bear.png" },
  attach  = { mime.file "terms.pdf" },
}

local result = session:send(message)
for _, r in ipairs(result.recipients) do
  print(r.address, r.code, r.enhanced, r.text)
end
session:quit()
