-- workbook.lua: a merge from an Excel file. Cells keep what they are: numbers are
-- numbers, dates are dates, and of a formula it is the result.

local merge, xlsx, template = require "merge", require "xlsx", require "template"

local letter = template.new {
  subject = "Your course begins on {{date .begins}}",
  text = [[
Dear {{.name}},

your course "{{.course}}" begins on {{.begins | date "%A, %-d %B %Y"}}.
For you and {{.guests}} {{.guests | plural "guest" "guests"}}, that is {{.total | money "EUR"}}.
]],
}

local run = merge.run {
  name = "courses-2026-12",
  rows = xlsx.rows("courses.xlsx", {
    sheet  = "Bookings",
    rename = { ["E-mail"] = "email", Name = "name", Course = "course", Begins = "begins", Guests = "guests", Total = "total" },
  }),
  key  = "email",
  message = function(row)
    return { from = "Courses <courses@school.example>", to = row.email, template = letter, data = row }
  end,
}
print(run.sent .. " of " .. run.rows .. " sent")
