---@meta merge
-- Generated from the descriptors in luaapi; do not edit.

---@class items.options
---@field outcome? string|string[] which rows: one or several of "sent", "failed", "deferred", "in_doubt", "planned", "skipped", "suppressed" and "duplicate"; default all

---@class merge.options
---@field name? string of the run: a run of the same name goes on where an earlier one ended; required
---@field rows? source|table[]|(fun(): table|row|nil) who gets something: a source, a list of tables, or a function that returns one each time; required
---@field key? string the column that tells rows apart: one message for each key of a run, ever; required
---@field message? fun(row: row): description|skip describes the message for a row, or returns merge.skip(reason); required
---@field account? string|connect.options an account's name, or a server; default the account "default"
---@field rate? string how many messages may begin in a time, over all connections: "20/s", "100/min", "20/30min"; default no bound
---@field connections? integer at once, default 4; fewer while the server says that we send too fast
---@field retry_for? number|string how long what was refused for now is tried again before run returns, default 30m; 0 is not at all
---@field expire? number|string how long after its first attempt a row that is still refused for now fails, default 48h
---@field in_doubt? "hold"|"resend"|"assume-sent" what becomes of a message whose end was written and never answered: it is left to you (default), sent again and may arrive twice, or taken for sent and may be lost
---@field duplicates? "refuse"|"first" rows with a key that an earlier row has: nothing is sent (default), or the first is and the others are counted
---@field unique_address? boolean false allows more than one message to an address; default true, and nothing is sent where two rows have the same, or where the run has written to it as a row with another key
---@field changed? "refuse"|"accept" a run that is resumed with another script or template than it began with: it is refused (default), or goes on with the new one for the rows that are left
---@field edited? "refuse"|"ignore" rows that were changed after they were sent, or perhaps: nothing is sent (default), or they stay what they are and the others are sent
---@field stop_after? integer how many messages in a row may be refused for good before the run ends, default 10; -1 is never
---@field on_result? fun(row: row, result: result) called once for each row, in their order, when it is decided
---@field dry_run? boolean read, fill, build and look at the messages of all rows and send none: run.problems says what is wrong

---What became of a merge: how many rows ended in which way. Rows that did not get their message set the exit status of the script.
---@class run
---@field name string the name of the run
---@field rows integer all of them
---@field sent integer every recipient was accepted
---@field failed integer for good: refused, or the row could not be read, described or built
---@field deferred integer refused for now, and left to a later run
---@field in_doubt integer may have arrived: the end was written and never answered
---@field skipped integer by merge.skip
---@field suppressed integer the recipient is to get nothing
---@field duplicates integer had a key that an earlier row has
---@field already_sent integer by an earlier run of the name
---@field good integer of a dry run: nothing is wrong with them
---@field problems problem[] of a dry run: what is wrong with the other rows
local run = {}

---What became of each row, one for each recipient, from the ledger: key, row (its number in the source), address, outcome, code, enhanced, text, time, attempts, next, message_id and via. It is a source like any other: a loop reads it anew, and another merge may have it as its rows. A rehearsal remembers nothing, and has none.
---@param opts? items.options 
---@return source
function run:items(opts) end

---Write what became of each row as CSV, as mailscript export does, and return how many lines there are below that of the names. The file is there when all of it is. A rehearsal remembers nothing, and has no lines.
---@param path string a file inside the project folder
---@return integer
function run:export(path) end

---What is wrong with one row of a merge.
---@class problem
---@field file string the source
---@field sheet string? of a workbook
---@field row integer as a spreadsheet counts: the header is row 1
---@field column string? whose cell is at fault, where that can be told
---@field key string? of the row
---@field reason string what is wrong
---@field hint string? what to do
---@field warning boolean the message can be sent all the same
local problem = {}

---A row that is to get nothing, and why.
---@class skip
local skip = {}

---One message for each row of a source, built on all processors, sent over several connections, tried again where the server says not now. See docs/merge.md.
---@class mergelib
local merge = {}

---Send a message for each row, and return once each is decided or left to a later run. Before anything is sent, all rows are read once: two rows with one key, or with one address, are a fault. A row that cannot be read, described or built fails, and the others are sent.
---@param merge merge.options 
---@return run
function merge.run(merge) end

---What the ledger knows of a run of that name, nil where there was none: how many rows ended in which way, as of now.
---@param name string of a run
---@return run?
function merge.open(name) end

---Put an address on the list of those who get nothing, from no merge of the project. Rows that are on their way already are sent.
---@param address string|address who gets nothing any more
---@param reason string why, for reports
function merge.suppress(address, reason) end

---What message returns for a row that is to get nothing.
---@param reason string why, for reports
---@return skip
function merge.skip(reason) end

return merge
