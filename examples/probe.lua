-- probe.lua: what a server offers, what is wrong with it, and the account to write; nothing is sent.
local smtp = require "smtp"

local report = smtp.probe { host = arg[1] or "mail.bank.example", port = tonumber(arg[2] or 587) }

print(report.target, report.tls_mode, report.greeting)
if report.tls then
  local certificate = report.tls.certificates[1]
  print(report.tls.version, certificate.subject, certificate.days_left .. " days left")
end
print("log-in: " .. (report.auth.choice or "none"))
print("pipelining " .. tostring(report.pipelining.behaviour), "chunking " .. tostring(report.chunking.behaviour))

for _, finding in ipairs(report.findings) do
  print(finding)
  if finding.action then print("  do: " .. finding.action) end
  if finding.config then print("  config: " .. finding.config) end
end

print(report.account)
