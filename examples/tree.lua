-- tree.lua: a message whose parts are all said by hand: two languages, each as
-- text and HTML, with one picture for both.

local smtp = require "smtp"
local mime = require "mime"

local function version(language, text)
  return mime.part {
    type  = "multipart/alternative",
    parts = {
      mime.part { type = "text/plain", body = text .. "\n" },
      mime.part {
        type = "text/html",
        body = '<p lang="' .. language .. '">' .. text .. '</p><img alt="" src="cid:bear@bank.example">\n',
      },
    },
  }
end

local message = mime.message {
  from = "zoo@bank.example", to = "ann@example.org", subject = "A bear in two languages",
  body = mime.part {
    type  = "multipart/related",
    parts = {
      mime.part { type = "multipart/mixed", parts = { version("fr", "Voici un ours."), version("en", "Here is a bear.") } },
      mime.file("bear.png", { content_id = "bear@bank.example", disposition = "inline" }),
    },
  },
}
print(message)

local result = smtp.send(message)
print(result.outcome)
