-- resumed.lua: a merge that ends half-way, for whatever reason, and goes on where it
-- ended. With an account in mailscript.toml beside the script, type in that folder
--
--   mailscript run --limit 2 resumed.lua         the first two, as if it had been killed then
--   mailscript runs                              the runs of the project
--   mailscript status reminder-2026-11           two are sent, three are left
--   mailscript resume reminder-2026-11           these three; "mailscript run resumed.lua" does the same
--   mailscript export reminder-2026-11           who got what, and when
--
-- In place of --limit, press Ctrl-C or use kill -9 while it sends: the run goes on all the
-- same. A rehearsal has a ledger that is thrown away, and sends all five each time:
--
--   mailscript run --sink resumed.lua

local merge = require "merge"

-- The ledger knows the run by this name, so the name is that of one mailing. With the
-- date of today in it, nobody could go on tomorrow.
local name = "reminder-2026-11"

-- What earlier calls have left, nil for the first. Nothing has to be asked; it is for you.
local before = merge.open(name)
if before then print(("%d have it, %d do not"):format(before.sent, before.rows - before.sent)) end

local run = merge.run {
  name = name,
  -- The whole list each time, and not what is left of it. The order may change and people
  -- may be added: rows are found by their key, which must stay the same.
  rows = {
    { member = "M-01", email = "ann@example.org" },
    { member = "M-02", email = "bob@example.org" },
    { member = "M-03", email = "carla@example.org" },
    { member = "M-04", email = "dan@example.org" },
    { member = "M-05", email = "eve@example.org" },
  },
  key  = "member",
  -- Of a message that was on its way when the process was killed, nobody can say whether
  -- it arrived. A reminder may come twice; with "hold", which is the default, such rows
  -- wait until mailscript doubt is told what became of them.
  in_doubt = "resend",
  message = function(row)
    return {
      from = "Club <club@club.example>", to = row.email, subject = "Your fee for 2027",
      text = "Dear member " .. row.member .. ",\n\nthe fee for 2027 is due on 1 January.\n",
    }
  end,
}

-- already_sent are those that an earlier call has served: they got nothing now.
print(("%d sent now, %d before, %d of %d have none"):format(run.sent, run.already_sent, run.rows - run.sent - run.already_sent, run.rows))
