---@meta smtp
-- Generated from the descriptors in luaapi; do not edit.

---@class connect.options
---@field account? string an account of mailscript.toml; default "default" where no host is given
---@field host? string server name or IP address
---@field port? integer default 465 where tls is "implicit", else 587
---@field tls? "implicit"|"starttls"|"opportunistic"|"off" default "implicit" on port 465, else "starttls"; never silently less
---@field ca? string PEM file of the authorities to trust in place of the system's
---@field username? string who to log in as
---@field password? string|secret never shown, not even in traces
---@field token? string|secret an OAuth 2 access token, in place of a password
---@field mechanism? string a SASL mechanism such as "PLAIN" or "XOAUTH2"; default the strongest both sides have
---@field auth_min? string the weakest mechanism to take for a password, such as "SCRAM-SHA-256"
---@field channel_binding? "tls-exporter"|"tls-server-end-point" what SCRAM with -PLUS binds to; default tls-exporter with TLS 1.3
---@field login_in_one_write? boolean send LOGIN and its answers at once, over TLS: saves two round trips, where the server bears it
---@field auth_in_clear? boolean log in without encryption
---@field mx? string a domain: connect to one of its mail servers, on port 25, without a log-in
---@field socket? string path of a unix socket, in place of host and port
---@field protocol? "smtp"|"lmtp" LMTP answers for each recipient (RFC 2033)
---@field source_address? string the local IP address to connect from
---@field proxy? string "socks5://host:port" or "http://host:port", with user:password@ in front of the host where it wants a log-in
---@field proxy_header? proxyHeader.options say whom we stand for, in HAProxy's PROXY protocol
---@field pins? string|string[] "sha256//…": public keys of which the server's chain must have one
---@field client_certificate? string PEM file to show a server that asks who we are
---@field client_key? string PEM file of its key
---@field local_name? string what EHLO says; default this machine's name or address
---@field timeouts? timeout.options absolute, one for each kind of exchange

---@class deliverBy.options
---@field within? number|string 1 s to 999999999 s
---@field late? "return"|"notify" what becomes of late mail: back to the sender, or delivered with a notice
---@field trace? boolean a notice of each server that does not know BY

---@class dsn.options
---@field notify? string|string[] "never", or any of "success", "failure", "delay"
---@field ret? "FULL"|"HDRS" how much of the message a notice returns
---@field envid? string comes back in notices
---@field recipients? table<string, rcpt.options> notify and orcpt of single recipients, by address

---@class login.options
---@field username? string who to log in as
---@field password? string|secret never shown, not even in traces
---@field token? string|secret an OAuth 2 access token, in place of a password
---@field mechanism? string a SASL mechanism such as "PLAIN" or "XOAUTH2"; default the strongest both sides have
---@field auth_min? string the weakest mechanism to take for a password, such as "SCRAM-SHA-256"
---@field channel_binding? "tls-exporter"|"tls-server-end-point" what SCRAM with -PLUS binds to; default tls-exporter with TLS 1.3
---@field login_in_one_write? boolean send LOGIN and its answers at once, over TLS: saves two round trips, where the server bears it
---@field auth_in_clear? boolean log in without encryption

---@class mail.options
---@field size? integer SIZE, in octets (RFC 1870)
---@field body? "7BIT"|"8BITMIME"|"BINARYMIME" BODY (RFC 6152, RFC 3030)
---@field utf8? boolean SMTPUTF8 (RFC 6531)
---@field ret? "FULL"|"HDRS" RET: how much a notice returns (RFC 3461)
---@field envid? string ENVID: comes back in notices (RFC 3461)
---@field require_tls? boolean REQUIRETLS: every server on the way must use TLS and verify the next (RFC 8689)
---@field deliver_by? deliverBy.options how long delivery may take (RFC 2852)
---@field hold_for? number|string the server keeps the message so long (FUTURERELEASE, RFC 4865)
---@field hold_until? string the same until a moment, "2026-12-24T07:00:00Z"
---@field priority? integer MT-PRIORITY, from -9 to 9 (RFC 6710)
---@field submitter? string AUTH: who submitted the message first, "<>" for nobody known (RFC 4954)

---@class notice.options
---@field notify? string|string[] "never", or any of "success", "failure", "delay"
---@field ret? "FULL"|"HDRS" how much of the message a notice returns
---@field envid? string comes back in notices

---@class oneShot.options
---@field account? string an account of mailscript.toml; default "default" where no host is given
---@field host? string server name or IP address
---@field port? integer default 465 where tls is "implicit", else 587
---@field tls? "implicit"|"starttls"|"opportunistic"|"off" default "implicit" on port 465, else "starttls"; never silently less
---@field ca? string PEM file of the authorities to trust in place of the system's
---@field username? string who to log in as
---@field password? string|secret never shown, not even in traces
---@field token? string|secret an OAuth 2 access token, in place of a password
---@field mechanism? string a SASL mechanism such as "PLAIN" or "XOAUTH2"; default the strongest both sides have
---@field auth_min? string the weakest mechanism to take for a password, such as "SCRAM-SHA-256"
---@field channel_binding? "tls-exporter"|"tls-server-end-point" what SCRAM with -PLUS binds to; default tls-exporter with TLS 1.3
---@field login_in_one_write? boolean send LOGIN and its answers at once, over TLS: saves two round trips, where the server bears it
---@field auth_in_clear? boolean log in without encryption
---@field mx? string a domain: connect to one of its mail servers, on port 25, without a log-in
---@field socket? string path of a unix socket, in place of host and port
---@field protocol? "smtp"|"lmtp" LMTP answers for each recipient (RFC 2033)
---@field source_address? string the local IP address to connect from
---@field proxy? string "socks5://host:port" or "http://host:port", with user:password@ in front of the host where it wants a log-in
---@field proxy_header? proxyHeader.options say whom we stand for, in HAProxy's PROXY protocol
---@field pins? string|string[] "sha256//…": public keys of which the server's chain must have one
---@field client_certificate? string PEM file to show a server that asks who we are
---@field client_key? string PEM file of its key
---@field local_name? string what EHLO says; default this machine's name or address
---@field timeouts? timeout.options absolute, one for each kind of exchange
---@field dsn? dsn.options when to be told of delivery or failure (RFC 3461)
---@field envelope? envelope.options sender and recipients where they differ from the header fields
---@field stop_after? "rcpt" "rcpt" asks for every recipient and sends nothing
---@field transfer? "DATA"|"BDAT" how the message travels; default DATA, BDAT where it is binary or, in a stream, where the server handles it well
---@field dkim? boolean|string|string[] as in a message, and before what that says
---@field require_tls? boolean REQUIRETLS: every server on the way must use TLS and verify the next (RFC 8689)
---@field deliver_by? deliverBy.options how long delivery may take (RFC 2852)
---@field hold_for? number|string the server keeps the message so long (FUTURERELEASE, RFC 4865)
---@field hold_until? string the same until a moment, "2026-12-24T07:00:00Z"
---@field priority? integer MT-PRIORITY, from -9 to 9 (RFC 6710)
---@field submitter? string AUTH: who submitted the message first, "<>" for nobody known (RFC 4954)

---@class probe.options
---@field account? string an account of mailscript.toml; default "default" where no host is given
---@field host? string server name or IP address
---@field port? integer default 465 where tls is "implicit", else 587
---@field tls? "implicit"|"starttls"|"opportunistic"|"off" default "implicit" on port 465, else "starttls"; never silently less
---@field ca? string PEM file of the authorities to trust in place of the system's
---@field username? string who to log in as
---@field password? string|secret never shown, not even in traces
---@field token? string|secret an OAuth 2 access token, in place of a password
---@field mechanism? string a SASL mechanism such as "PLAIN" or "XOAUTH2"; default the strongest both sides have
---@field auth_min? string the weakest mechanism to take for a password, such as "SCRAM-SHA-256"
---@field channel_binding? "tls-exporter"|"tls-server-end-point" what SCRAM with -PLUS binds to; default tls-exporter with TLS 1.3
---@field login_in_one_write? boolean send LOGIN and its answers at once, over TLS: saves two round trips, where the server bears it
---@field auth_in_clear? boolean log in without encryption
---@field mx? string a domain: connect to one of its mail servers, on port 25, without a log-in
---@field socket? string path of a unix socket, in place of host and port
---@field protocol? "smtp"|"lmtp" LMTP answers for each recipient (RFC 2033)
---@field source_address? string the local IP address to connect from
---@field proxy? string "socks5://host:port" or "http://host:port", with user:password@ in front of the host where it wants a log-in
---@field proxy_header? proxyHeader.options say whom we stand for, in HAProxy's PROXY protocol
---@field pins? string|string[] "sha256//…": public keys of which the server's chain must have one
---@field client_certificate? string PEM file to show a server that asks who we are
---@field client_key? string PEM file of its key
---@field local_name? string what EHLO says; default this machine's name or address
---@field timeouts? timeout.options absolute, one for each kind of exchange
---@field auth? boolean try to log in too, over a verified connection only
---@field timeout? number|string for each exchange, default 15 s; timeouts is not used

---@class proxyHeader.options
---@field version? integer 1 or 2
---@field source? string "192.0.2.1:1025"
---@field destination? string "192.0.2.2:25"

---@class rcpt.options
---@field notify? string|string[] "never", or any of "success", "failure", "delay" (RFC 3461)
---@field orcpt? string ORCPT, such as "rfc822;ann@example.org" (RFC 3461)

---@class send.options
---@field dsn? dsn.options when to be told of delivery or failure (RFC 3461)
---@field envelope? envelope.options sender and recipients where they differ from the header fields
---@field stop_after? "rcpt" "rcpt" asks for every recipient and sends nothing
---@field transfer? "DATA"|"BDAT" how the message travels; default DATA, BDAT where it is binary or, in a stream, where the server handles it well
---@field dkim? boolean|string|string[] as in a message, and before what that says
---@field require_tls? boolean REQUIRETLS: every server on the way must use TLS and verify the next (RFC 8689)
---@field deliver_by? deliverBy.options how long delivery may take (RFC 2852)
---@field hold_for? number|string the server keeps the message so long (FUTURERELEASE, RFC 4865)
---@field hold_until? string the same until a moment, "2026-12-24T07:00:00Z"
---@field priority? integer MT-PRIORITY, from -9 to 9 (RFC 6710)
---@field submitter? string AUTH: who submitted the message first, "<>" for nobody known (RFC 4954)

---@class stream.options
---@field messages? integer how many may be on their way at once, default 64
---@field bytes? integer how many octets may be on their way at once, default 1 MiB; a larger message travels alone
---@field dsn? notice.options when to be told of delivery or failure (RFC 3461)
---@field stop_after? "rcpt" "rcpt" asks for every recipient and sends nothing
---@field transfer? "DATA"|"BDAT" how the message travels; default DATA, BDAT where it is binary or, in a stream, where the server handles it well
---@field dkim? boolean|string|string[] as in a message, and before what that says
---@field require_tls? boolean REQUIRETLS: every server on the way must use TLS and verify the next (RFC 8689)
---@field deliver_by? deliverBy.options how long delivery may take (RFC 2852)
---@field hold_for? number|string the server keeps the message so long (FUTURERELEASE, RFC 4865)
---@field hold_until? string the same until a moment, "2026-12-24T07:00:00Z"
---@field priority? integer MT-PRIORITY, from -9 to 9 (RFC 6710)
---@field submitter? string AUTH: who submitted the message first, "<>" for nobody known (RFC 4954)

---@class timeout.options
---@field connect? number|string TCP connection, default 30 s
---@field handshake? number|string TLS, default 60 s
---@field greeting? number|string until the 220, default 5 min
---@field command? number|string EHLO, AUTH, MAIL, RCPT and others, default 5 min
---@field data? number|string DATA until the 354, default 2 min
---@field block? number|string one write of message text, default 3 min
---@field message? number|string end of the message until its reply, default 10 min
---@field reset? number|string RSET, default 20 s
---@field quit? number|string QUIT, default 5 s

---One connection to a server. It never reconnects by itself; quit, close or the end of the run end it. After a fault every further call raises the kind "closed".
---@class session
---@field greeting reply what the server said first
---@field capabilities table<string, string> what EHLO offered: keyword in upper case to its parameters
---@field max_size integer? the largest message the server takes, in octets (RFC 1870)
---@field tls table? nil without encryption, else version, cipher, server_name and the certificate's subject, issuer, names and expires
---@field transcript string[] the last 512 lines of what crossed the connection, credentials replaced
---@field account string the account it was connected with
local session = {}

---Send one message and return what became of it. Only what prevents an answer raises; a refusal is a result.
---@param message message|description what to send
---@param opts? send.options 
---@return result
function session:send(message, opts) end

---Send many messages, several at a time, and return an iterator of their results, in order, each with the number of its message. Messages are built ahead of results, on the script's thread; nothing is sent before the loop begins. Leaving the loop early begins nothing more: the next call of the session, or the end of the run, waits for what is on its way, and it counts. So does a call of the session inside the loop, result:retry() included: the loop then gets the results of what was on its way, and an error. Keep what is to be retried in a list until the loop is over. Where the connection ends, or a message cannot be built, the results of the messages before come first, then the loop raises.
---@param messages message|description|(message|description)[]|(fun(): message|description|nil) a list, or a function that returns the next message each time and nil after the last; coroutine.wrap makes one
---@param opts? stream.options for every message
---@return (fun(): result?, integer?)
function session:stream(messages, opts) end

---Log in with the strongest mechanism both sides have; raises when refused. Credentials are the account's unless given here, and never cross an unencrypted connection unless auth_in_clear says so.
---@param opts? login.options 
---@return reply
function session:auth(opts) end

---Say goodbye and close. It is best effort: every message before has its own answer. The reply is empty where none came.
---@return reply
function session:quit() end

---Close without saying goodbye, and without waiting for what a stream has on its way. It never fails.
function session:close() end

---Whether the last EHLO offered an extension.
---@param keyword string "PIPELINING", in any case
---@return boolean
function session:offers(keyword) end

---Introduce ourselves and learn what the server offers; HELO follows a 5xx. Raises when both are refused.
---@param name? string what to call ourselves; default the account's
---@return reply
function session:ehlo(name) end

---Introduce ourselves the old way; the server then offers nothing. Raises when refused.
---@param name? string what to call ourselves; default the account's
---@return reply
function session:helo(name) end

---Encrypt the connection and say EHLO again (RFC 3207). Raises when not offered, refused, or the certificate does not fit.
---@return reply
function session:starttls() end

---Begin a transaction (MAIL). Parameters the server does not offer raise.
---@param address string|address the sender; "" is the null reverse-path
---@param opts? mail.options 
---@return reply
function session:mail(address, opts) end

---Add a recipient (RCPT).
---@param address string|address the recipient
---@param opts? rcpt.options 
---@return reply
function session:rcpt(address, opts) end

---Ask to send the message (DATA). After a 354, body must follow.
---@return reply
function session:data() end

---Send the message text after DATA, dots doubled and line ends repaired, and return the reply to it; with LMTP, one for each accepted recipient. A connection lost after its end raises with temporary = false: it may have arrived.
---@param message message|string a message, or its bytes
---@return reply ...
function session:body(message) end

---Send one chunk of a message (BDAT, RFC 3030). Raises where CHUNKING is not offered.
---@param bytes string one chunk, sent as it is
---@param last? boolean true ends the message
---@return reply ...
function session:bdat(bytes, last) end

---Abort the transaction under way (RSET).
---@return reply
function session:reset() end

---Ask for a reply and nothing else (NOOP).
---@return reply
function session:noop() end

---Ask whether an address exists (VRFY). Most servers answer 252: they do not say.
---@param address string an address or a name
---@return reply
function session:verify(address) end

---Tell a server that trusts us whom we stand for (Postfix's XCLIENT), and say EHLO again. Raises when not offered.
---@param attributes table<string, string> such as addr = "192.0.2.1", name, helo, login
---@return reply
function session:xclient(attributes) end

---Send any command and return its reply. STARTTLS, AUTH and BDAT have methods of their own.
---@param line string without line end
---@return reply
function session:command(line) end

---Send n commands in one write and return n replies, in order (RFC 2920). A fault carries the replies that came as .replies.
---@param lines string[] commands; DATA only as the last
---@return reply[]
function session:pipeline(lines) end

---Send bytes past all checks, for probing with what no client should say. Fetch each reply they cause with read. The transcript shows them as they are, credentials included.
---@param bytes string sent as they are
function session:write(bytes) end

---Wait for replies to what was sent with write.
---@param n? integer how many replies; without it, one, not in a list
---@return reply|reply[]
function session:read(n) end

---What the server answered to one command. Whatever its code, it is a value to look at, not an error.
---@class reply
---@field ok boolean the command was done: code 200 to 299
---@field code integer? reply code of the reply, 200 to 599; nil where no reply came (RFC 5321, section 4.2)
---@field enhanced string? status code such as "5.1.1" (RFC 3463)
---@field text string the text without codes, lines joined with a line feed
---@field class integer? first digit of the code: 2 done, 3 go on, 4 not now, 5 no
---@field lines string[] the text of each line, without the reply code
---@field temporary boolean the same command may succeed later: code 400 to 499
---@field permanent boolean the same command will fail again: code 500 to 599
---@field command string? the command this answers, without credentials
local reply = {}

---What became of one message. At the end of the run, every recipient that got nothing sets the exit status, unless handled() was called.
---@class result
---@field ok boolean every recipient was accepted, and the message too; in a merge also where nothing was to be sent: skipped, suppressed, duplicate, already_sent
---@field outcome string? "sent", "partial", "deferred", "failed" or "in_doubt" (its end was written and never answered, so it may have arrived); in a merge also "skipped", "suppressed", "duplicate" and "already_sent"; nil where nothing was to be sent
---@field recipients recipient[] every recipient, in the order of the envelope
---@field accepted recipient[] the recipients the message was accepted for
---@field deferred recipient[] the recipients refused for now
---@field rejected recipient[] the recipients refused for good
---@field temporary boolean somebody was refused for now and nobody is in doubt: retry() may help
---@field message_id string? the Message-ID, with its angle brackets
---@field account string the account it went through
---@field reason string? why a row of a merge got nothing, where no reply says it
---@field code integer? reply code of the reply that decided, 200 to 599; nil where no reply came (RFC 5321, section 4.2)
---@field enhanced string? status code such as "5.1.1" (RFC 3463)
---@field text string the text without codes, lines joined with a line feed
---@field class integer? first digit of the code: 2 done, 3 go on, 4 not now, 5 no
local result = {}

---Send the same bytes again to the recipients that were refused for now. A message in doubt is refused: it may have arrived. It goes alone, also where the message was one of a stream, which a retry leaves: retry when the loop is over.
---@return result
function result:retry() end

---Say that the script has taken care of what was not delivered: it no longer sets the exit status.
---@param reason? string why, for reports
---@return result
function result:handled(reason) end

---What became of one recipient of a message.
---@class recipient
---@field address string the envelope address
---@field ok boolean this recipient was accepted, and the message too
---@field outcome string? "sent", "deferred", "failed" or "in_doubt"; nil where nothing was to be sent
---@field temporary boolean refused for now: another attempt may succeed
---@field code integer? reply code of the reply that decided, 200 to 599; nil where no reply came (RFC 5321, section 4.2)
---@field enhanced string? status code such as "5.1.1" (RFC 3463)
---@field text string the text without codes, lines joined with a line feed
---@field class integer? first digit of the code: 2 done, 3 go on, 4 not now, 5 no
local recipient = {}

---What smtp.probe found out about one port. Where several were asked it is the one to use, and targets has them all. The names in its tables are those of docs/probe.md.
---@class report
---@field ok boolean no finding is an error
---@field target string host and port, or the path of the socket
---@field tls_mode string? the value for the option tls that fits; nil where there was no mail server
---@field greeting string? the first reply, with its code
---@field capabilities table<string, string> what EHLO offered, behind STARTTLS where there is one: keyword in upper case to its parameters
---@field capabilities_in_clear table<string, string> the same before STARTTLS
---@field tls table? version, cipher, verified, certificates (subject, issuer, names, not_before, not_after, days_left, key, signature, authority, fingerprint, pin, pem), old_versions; nil without encryption
---@field auth table mechanisms (name, strength, supported), mechanisms_in_clear, choice, login
---@field limits table message_size in octets, messages, recipients, recipient_domains, as far as the server says
---@field pipelining table offered, and behaviour: "works", "fails" or "unknown"
---@field chunking table the same of CHUNKING
---@field findings finding[] what is wrong or good to know, errors first
---@field account string? the account to write into mailscript.toml
---@field targets report[] a report of each port that was asked
local report = {}

---One thing that smtp.probe found wrong, or good to know.
---@class finding
---@field severity string "error", "warning" or "note"
---@field name string what kind of finding it is, such as "certificate-expired"
---@field what string what was seen
---@field cause string? why that is likely so
---@field action string? what to do
---@field config string? what to write into the account
local finding = {}

---Talk to mail servers: connect, log in, send, and every command underneath (RFC 5321).
---@class smtplib
local smtp = {}

---Connect, log in, send one message and return what became of it. Connections are kept and reused until the end of the run.
---@param message message|description what to send
---@param opts? oneShot.options 
---@return result
function smtp.send(message, opts) end

---Open a session: TCP, TLS, greeting, EHLO. Log in with session:auth().
---@param account? string|connect.options an account's name, or a server; default the account "default"
---@return session
function smtp.connect(account) end

---Connect, log in where there are credentials, call f(session), and quit whatever happens.
---@param account string|connect.options an account's name, or a server
---@param f fun(session: session): any called with the session; its results are returned
---@return any
function smtp.with(account, f) end

---The names of the accounts in mailscript.toml, sorted.
---@return string[]
function smtp.accounts() end

---Open a connection and read the greeting; nothing else is implied. For probing, and for doing things in the wrong order.
---@param opts connect.options 
---@return session
function smtp.dial(opts) end

---Find out what a server offers and what is wrong with it; nothing is sent. A host without a port is asked on 465, 587 and 25. Whatever goes wrong is a finding, not an error.
---@param account? string|probe.options an account's name, or a server; default the account "default"
---@return report
function smtp.probe(account) end

return smtp
