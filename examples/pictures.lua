-- pictures.lua: HTML as a browser shows it from this folder. The pictures that
-- it names are sent along; nothing outside the project folder is read.

local smtp = require "smtp"
local mime = require "mime"

local message = mime.message {
  from         = "zoo@bank.example",
  to           = "ann@example.org",
  subject      = "A bear",
  html         = '<p>This is a bear:</p><img src="bear.png" alt="a bear">',
  local_images = true,
}
print(message:bytes():find("Content-ID: <", 1, true) ~= nil)

local result = smtp.send(message)
print(result.outcome)
