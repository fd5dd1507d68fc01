---@meta mime
-- Generated from the descriptors in luaapi; do not edit.

---@class body.options
---@field name? string the name a reader saves it under; default the file's
---@field type? string media type; default detected from name and content
---@field charset? string declared for text; the bytes are not converted
---@field disposition? "attachment"|"inline" default by where it is used
---@field body? string the content; text becomes CRLF, anything else stays as it is
---@field parts? part[] the parts of a multipart type

---@class description
---@field from? string|address|(string|address)[] who it is from; required
---@field sender? string|address who sends it, required where several are in from
---@field reply_to? string|address|(string|address)[] where answers go
---@field to? string|address|(string|address)[] recipients; one list element is one address
---@field cc? string|address|(string|address)[] recipients of a copy
---@field bcc? string|address|(string|address)[] recipients nobody sees: envelope only
---@field subject? string any UTF-8 text on one line
---@field text? string plain text, any line ends
---@field html? string HTML; shows inline parts as cid:name
---@field inline? table<string, part> parts the HTML shows, by the name behind cid:
---@field attach? part|part[] attachments
---@field headers? table<string, string|string[]>|string[][] further fields: name to value or values, or a list of {name, value} where the order matters
---@field date? integer seconds since 1970 (os.time()); default now
---@field message_id? string default made at the domain of from
---@field envelope? envelope.options sender and recipients where they differ from the header fields

---@class envelope.options
---@field from? string|address the reverse-path; "" is the null reverse-path
---@field to? string|address|(string|address)[] the recipients

---@class part.options
---@field name? string the name a reader saves it under; default the file's
---@field type? string media type; default detected from name and content
---@field charset? string declared for text; the bytes are not converted
---@field disposition? "attachment"|"inline" default by where it is used

---A finished message. It never changes; with{…} makes a changed copy, so that nothing of one recipient's mail leaks into the next.
---@class message
---@field id string the Message-ID, with its angle brackets
---@field size integer octets
local message = {}

---A copy with some fields replaced. Date and Message-ID are made anew unless given.
---@param description description fields that replace those of the message
---@return message
function message:with(description) end

---The message as it is sent (RFC 5322), lines ending in CRLF.
---@return string
function message:bytes() end

---The value of the first header field of that name, decoded; nil where there is none.
---@param name string in any case
---@return string?
function message:header(name) end

---All header fields in order, each {name, value}, decoded.
---@return table[]
function message:headers() end

---Write the message to a file, which is replaced whole or not at all. Returns the path.
---@param path string a file inside the project folder
---@return string
function message:save(path) end

---One body of a message. It can be used in any number of messages and is encoded only once.
---@class part
---@field name string? the file name
---@field type string the media type
---@field size integer octets before encoding
local part = {}

---One mailbox and the name it is shown under.
---@class address
---@field name string? the name
---@field address string local@domain
---@field domain string what stands behind the @
local address = {}

---Build messages: text, HTML, inline pictures, attachments (RFC 5322, RFC 2045 to 2049).
---@class mimelib
local mime = {}

---Build a message. A line break, a NUL or any other control character in a header field is refused: no value can become a header of its own.
---@param description description who, what, and what is attached
---@return message
function mime.message(description) end

---A file to attach or to show inline. It is read now; a missing file raises the kind "file".
---@param path string relative to the project folder
---@param opts? part.options 
---@return part
function mime.file(path, opts) end

---Bytes to attach or to show inline; they arrive exactly as they are.
---@param bytes string any bytes
---@param opts part.options name is required
---@return part
function mime.bytes(bytes, opts) end

---A part of your own making: a body of any media type, or a multipart tree.
---@param description body.options type, and body or parts
---@return part
function mime.part(description) end

---One address. With two arguments the first is a name taken as it is, commas and all.
---@param text_or_name string an address, "Ann <ann@example.org>", or just the name
---@param address? string the address where the first is a name
---@return address
function mime.address(text_or_name, address) end

---Whether text is one address, and why not.
---@param text string what may be an address
---@return boolean, string?
function mime.valid(text) end

return mime
