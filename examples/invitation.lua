-- invitation.lua: an invitation that calendars show with buttons, then the
-- cancellation of the same event. The uid is what makes them one.

local smtp = require "smtp"
local mime = require "mime"

local event = mime.event {
  uid         = "board-2026-11@bank.example",
  starts      = "2026-11-02 09:00",
  zone        = "Europe/Berlin",
  duration    = "90m",
  summary     = "Board meeting",
  location    = "Room 4",
  description = "Agenda: figures of October.",
  organizer   = "Ann Example <ann@bank.example>",
  attendees   = { "bob@example.org", { address = "Carol <carol@example.org>", optional = true } },
  alarm       = "15m",
}

local invitation = mime.message {
  from    = "Ann Example <ann@bank.example>",
  to      = { "bob@example.org", "carol@example.org" },
  subject = "Board meeting on 2 November",
  text    = "Dear Bob, dear Carol,\n\nplease come to the board meeting.\n",
  html    = "<p>Dear Bob, dear Carol,</p>\n<p>please come to the board meeting.</p>\n",
  event   = event,
}
print(smtp.send(invitation).outcome)

-- Those who were invited get the event taken back: same uid, next sequence.
local cancelled = event:cancel()
print(cancelled.method, cancelled.sequence)
local result = smtp.send(invitation:with {
  subject = "Cancelled: " .. invitation:header "Subject",
  text    = "The meeting does not take place.\n",
  html    = "<p>The meeting does not take place.</p>\n",
  event   = cancelled,
})
print(result.outcome)
