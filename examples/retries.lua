-- retries.lua: a merge through servers that say "not now": greylisting, full mailboxes,
-- too many messages an hour. What is refused for now (4xx) is tried again.
--
--   mailscript run --sink examples/retries.lua    nobody says so there: all are sent at once
--   mailscript run examples/retries.lua           its exit status is 0 where all are served, 75 where some
--                                                 are to be tried later, 69 or 74 where somebody must look

local merge, csv = require "merge", require "csv"

local run = merge.run {
  name = "retries-2026-11",
  rows = csv.rows "people.csv",
  key  = "email",

  -- Slow enough for the server to bear. When it complains all the same (421, 450 4.7.0),
  -- all connections wait for a while, and fewer are used from then on.
  rate = "20/s",
  connections = 2,

  -- Greylisting refuses the first message to somebody, and takes it some minutes later.
  -- A row waits as long as the reply says, or else five to fifteen minutes, and twice as
  -- long after each further refusal. So long, run waits for all of them; 0 is not at all.
  retry_for = "40m",

  -- What is still refused after that is left to the next call: mailscript resume
  -- retries-2026-11, by hand or as a job. So long after its first attempt, a row
  -- fails instead of being tried for ever.
  expire = "8h",

  -- As many refusals for good in a row look like a fault of ours, and end the run.
  stop_after = 5,

  message = function(row)
    return { from = "News <news@bank.example>", to = row.email, subject = "Hello " .. row.name, text = "Hello\n" }
  end,

  -- Once for each row, when it is decided or left: attempts in between are not heard of.
  on_result = function(row, result)
    if result.outcome == "sent" then
      print(row.email, "sent")
    elseif result.outcome == "deferred" then
      -- Nothing to do: the ledger has it, and the exit status is 75.
      print(row.email, "later", result.code, result.text)
    elseif result.outcome == "failed" and result.enhanced == "5.1.1" then
      -- The server knows nobody of that name. That is taken care of: it no longer
      -- sets the exit status, and no later merge of the project tries it again.
      merge.suppress(row.email, "unknown on 2026-11-26")
      result:handled("on the list of those to write to")
    else
      -- Failed, or in doubt: exit status 69, or 74.
      print(row and row.email, result.outcome, result.code, result.reason or result.text)
    end
  end,
}
print(("%d sent, %d for later, %d failed, %d in doubt"):format(run.sent, run.deferred, run.failed, run.in_doubt))
