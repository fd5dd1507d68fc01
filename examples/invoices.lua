-- invoices.lua: one attachment for each row. The file's name is in the row; one that is
-- not there is a fault of that row alone, which mailscript check finds beforehand.

local merge, csv, mime, template = require "merge", require "csv", require "mime", require "template"

local letter = template.load "invoice" -- invoice.html and invoice.txt

local run = merge.run {
  name = "invoices-2026-11",
  rows = csv.rows("invoices.csv", { types = { total = "number", due = "date" } }),
  key  = "number",
  unique_address = false, -- a customer may have two invoices
  message = function(row)
    return {
      from   = "Bank Example <invoices@bank.example>",
      to     = mime.address(row.name, row.email),
      template = letter, data = row,
      attach = { mime.file("invoices/" .. row.file, { name = "Invoice " .. row.number .. ".pdf" }) },
    }
  end,
  on_result = function(row, result) print(row and row.number, result.outcome) end,
}
print(run.sent .. " invoices sent")
