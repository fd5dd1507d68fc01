---@meta http
-- Generated from the descriptors in luaapi; do not edit.

---@class decode.options
---@field null? boolean null becomes json.null, which can be told from what is missing; default nil

---@class get.options
---@field headers? table<string, string|secret> header fields; Authorization = "Bearer " .. secret.get("crm") keeps the token secret
---@field query? table<string, string|number|boolean|secret> added to the query of the URL, encoded; sorted by name, or a list of { name, value } in its order
---@field timeout? number|string of all attempts together, to the last octet of the answer; default 30s
---@field retries? integer how often a GET is sent again after a lost connection or the statuses 429, 502, 503 and 504, with growing pauses; default 2, 0 is never
---@field ca? string a file of certificates (PEM) that are trusted beside those of the system
---@field allow? string|string[] hosts, addresses and networks that may be connected to though they are not public: "localhost", "10.1.2.3", "10.1.0.0/16"
---@field proxy? string|secret URL of an HTTP proxy, or "environment" for HTTP_PROXY, HTTPS_PROXY and NO_PROXY; default none. The proxy then decides what may be connected to

---@class post.options
---@field json? any sent as JSON, as json.encode makes it
---@field form? table<string, string|number|boolean|secret> sent as the fields of a form; sorted by name, or a list of { name, value } in its order
---@field body? string sent as it is; say what it is with headers = { ["Content-Type"] = … }
---@field headers? table<string, string|secret> header fields; Authorization = "Bearer " .. secret.get("crm") keeps the token secret
---@field query? table<string, string|number|boolean|secret> added to the query of the URL, encoded; sorted by name, or a list of { name, value } in its order
---@field timeout? number|string of all attempts together, to the last octet of the answer; default 30s
---@field retries? integer how often a GET is sent again after a lost connection or the statuses 429, 502, 503 and 504, with growing pauses; default 2, 0 is never
---@field ca? string a file of certificates (PEM) that are trusted beside those of the system
---@field allow? string|string[] hosts, addresses and networks that may be connected to though they are not public: "localhost", "10.1.2.3", "10.1.0.0/16"
---@field proxy? string|secret URL of an HTTP proxy, or "environment" for HTTP_PROXY, HTTPS_PROXY and NO_PROXY; default none. The proxy then decides what may be connected to

---What a web service answered.
---@class response
---@field ok boolean the status is one of 200 to 299
---@field status integer 200, 404 and so on
---@field headers table<string, string> header fields, by names in lower case; headers["Content-Type"] is found in any spelling. Several of one name are joined with ", ", and Set-Cookie with line feeds
---@field body string the bytes, decompressed, 16 MiB at most
local response = {}

---The value of a body of JSON, as json.decode reads it. A body that is none is a fault of the kind "protocol"; whether the status is good, ask first.
---@param opts? decode.options 
---@return any
function response:json(opts) end

---Ask web services (RFC 9110). Private addresses are refused unless allowed, certificates are always verified, and no error shows a path, a query or a secret.
---@class httplib
local http = {}

---Get something. Any answer is a response, whatever its status; what prevents one is a fault of the kind "dns", "connect", "tls", "timeout", "lost", "protocol" (no answer that can be used), or "refused" for a host whose address is not public and not allowed. Redirects are followed, five at most, never from https to http. In rehearsals (--sink, --dry-run, check) requests are sent as always, and secrets in them are read.
---@param url string|secret https://… or http://…, without credentials
---@param opts? get.options 
---@return response
function http.get(url, opts) end

---Send something. It is sent once: retries are for what may be done twice. Any answer is a response, whatever its status; what prevents one is a fault of the kind "dns", "connect", "tls", "timeout", "lost", "protocol" (no answer that can be used), or "refused" for a host whose address is not public and not allowed. Redirects are followed, five at most, never from https to http. In rehearsals (--sink, --dry-run, check) requests are sent as always, and secrets in them are read.
---@param url string|secret https://… or http://…, without credentials
---@param opts? post.options one of json, form and body
---@return response
function http.post(url, opts) end

return http
