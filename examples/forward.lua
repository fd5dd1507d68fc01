-- forward.lua: attachments of several kinds: a message inside a message, a card
-- for the address book, a file, and text that keeps its own name.

local smtp = require "smtp"
local mime = require "mime"

local complaint = mime.message {
  from = "bob@example.org", to = "service@bank.example",
  subject = "My card", text = "It does not work.\n", date = 1790000000, message_id = "<1@example.org>",
}

local result = smtp.send {
  from        = "service@bank.example",
  to          = "carol@bank.example",
  subject     = "Fwd: " .. complaint:header "Subject",
  in_reply_to = complaint.id,
  references  = complaint.id,
  text        = "Could you look into this?\n",
  attach      = {
    complaint:part { name = "complaint.eml" },
    mime.card { given = "Bob", family = "Example", emails = "bob@example.org", phones = "+49 30 1234567" },
    mime.file "terms.pdf",
    mime.bytes("2026-11-02 called, no answer\n", { name = "notes.txt" }),
  },
}
print(result.outcome)
