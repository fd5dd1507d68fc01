-- proxy.lua: through a SOCKS5 or HTTP proxy, and behind a PROXY header for a server that expects one.
--
--   mailscript run --sink examples/proxy.lua
--   mailscript run examples/proxy.lua -- socks5://127.0.0.1:1080 mail.example.org

local smtp = require "smtp"

local session = smtp.connect {
  host = arg[2] or "mail.bank.example", port = 465,
  proxy = arg[1] or "socks5://127.0.0.1:1080",   -- the proxy looks up the name
}
print(session, session.tls.version)
session:quit()

-- A server behind HAProxy wants to know whom a connection stands for.
session = smtp.connect {
  host = arg[2] or "mail.bank.example", port = 587,
  proxy_header = { version = 2, source = "192.0.2.1:1025", destination = "192.0.2.2:587" },
}
print(session)
session:quit()
