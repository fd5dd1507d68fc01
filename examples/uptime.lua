-- uptime.lua: ask web sites whether they answer, and report those that do not.
--
--   mailscript run --sink examples/uptime.lua                            nothing answers there
--   mailscript run --sink examples/uptime.lua -- https://www.example.com
--
-- As a job of mailscript.toml it runs every few minutes and is quiet as long as
-- all is well.

local http = require "http"
local job  = require "job"
local smtp = require "smtp"
local time = require "time"

-- Without arguments: a port of this machine at which nobody listens, and an
-- address that http refuses, for it is none of the public internet.
local sites = #arg > 0 and arg or { "http://127.0.0.1:1/health", "http://10.0.0.1/" }

local troubles = {}
for _, url in ipairs(sites) do
  local begun = time.now()
  local response, fault = try(http.get, url, { timeout = "5s", retries = 0, allow = "127.0.0.1" })
  local took = time.now():since(begun).seconds
  local trouble
  if fault then
    trouble = fault.kind .. ": " .. fault.message
  elseif not response.ok then
    trouble = "status " .. response.status
  elseif took > 2 then
    trouble = ("it took %.1f seconds"):format(took)
  end
  print(url, trouble or "ok")
  if trouble then troubles[#troubles + 1] = ("%s\n  %s\n"):format(url, trouble) end
end
if #troubles == 0 then job.skip("all sites answer") end

local result = smtp.send {
  from    = "Uptime <uptime@shop.example>",
  to      = "admin@shop.example",
  subject = ("%d of %d sites have trouble"):format(#troubles, #sites),
  text    = table.concat(troubles, "\n"),
  auto_submitted = "auto-generated",
}
print(result.outcome)
