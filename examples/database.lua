-- database.lua: a merge from a database, SQLite here. With another one it would be
-- sql.open "postgres://user@host/name", or the name of a [database.NAME] in
-- mailscript.toml.

local merge, sql = require "merge", require "sql"

local db = sql.open "sqlite:orders.db"

local run = merge.run {
  name = "shipped-2026-11-26",
  -- Values are parameters, and never become part of the query.
  rows = db:rows("SELECT id, name, email, shipped FROM orders WHERE shipped >= ? ORDER BY id", { "2026-11-20" }),
  key  = "id",
  message = function(row)
    return {
      from = "Shop <shop@shop.example>", to = row.email, subject = "Order " .. row.id .. " is on its way",
      text = "Dear " .. row.name .. ",\n\nyour order " .. row.id .. " left us on " .. row.shipped .. ".\n",
    }
  end,
}
print(run.sent .. " sent")
