---@meta mime
-- Generated from the descriptors in luaapi; do not edit.

---@class attendee.options
---@field address? string|address who
---@field optional? boolean may stay away

---@class body.options
---@field name? string the name a reader saves it under; default the file's
---@field type? string media type; default detected from name and content
---@field charset? string declared for text; the bytes are not converted
---@field disposition? "attachment"|"inline" default by where it is used
---@field content_id? string what cid: in a tree of your own refers to: id@domain
---@field body? string the content; text becomes CRLF, anything else stays as it is
---@field parts? part[] the parts of a multipart type

---@class bytes.options
---@field dkim? boolean|string|string[] true signs as the default account would, which raises where no key suits; or the names of keys

---@class card.options
---@field name? string as it is shown; default given and family
---@field given? string given name
---@field family? string family name; name or family is required
---@field organization? string company or the like
---@field title? string what the person is there
---@field emails? string|string[] addresses
---@field phones? string|string[] numbers
---@field address? string postal, any line ends
---@field url? string web address
---@field note? string any text, any line ends
---@field file? string the name of the part; default made of name

---@class description
---@field from? string|address|(string|address)[] who it is from; required
---@field sender? string|address who sends it, required where several are in from
---@field reply_to? string|address|(string|address)[] where answers go
---@field to? string|address|(string|address)[] recipients; one list element is one address
---@field cc? string|address|(string|address)[] recipients of a copy
---@field bcc? string|address|(string|address)[] recipients nobody sees: envelope only
---@field subject? string any UTF-8 text on one line
---@field text? string|false plain text, any line ends; where there is html alone it is made of that, unless text is false
---@field html? string HTML; shows inline parts as cid:name
---@field template? template makes html, text and, unless it is given, the subject
---@field data? row|table what the template is filled with
---@field flowed? boolean each line of text is a paragraph, and readers break it as their window wants it (RFC 3676)
---@field amp? string a second, interactive form of html (AMP for Email)
---@field event? event|false an invitation, a change or a cancellation: mime.event; false takes it away from a copy
---@field body? part|false a tree of your own, made with mime.part, in place of text, html, amp, event and inline; false takes it away from a copy
---@field inline? table<string, part> parts the HTML shows, by the name behind cid:
---@field local_images? boolean|string pictures that the HTML shows by the name of a file, such as src="logo.png", are sent with it; true looks in the project folder, a text in that folder below it
---@field attach? part|part[] attachments
---@field in_reply_to? string|string[] Message-IDs of what this answers
---@field references? string|string[] Message-IDs of the thread, oldest first
---@field auto_submitted? "auto-generated"|"auto-replied" no person wrote it, so no machine should answer (RFC 3834)
---@field list? list.options what a newsletter or a mailing list says about itself
---@field headers? table<string, string|string[]>|string[][] further fields: name to value or values, or a list of {name, value} where the order matters
---@field date? integer seconds since 1970 (os.time()); default now
---@field message_id? string default made at the domain of from
---@field charset? string what text, HTML and header fields are written in, for old readers, such as "iso-8859-1"; default UTF-8
---@field transfer_encoding? "7bit"|"8bit"|"binary" the widest encoding of bodies to use where the server offers it (8BITMIME; BINARYMIME with CHUNKING); default 7bit, which every server takes
---@field dkim? boolean|string|string[] false leaves the message unsigned, true raises where no key of mailscript.toml suits, names choose keys; default: every key whose domain suits from
---@field envelope? envelope.options sender and recipients where they differ from the header fields

---@class envelope.options
---@field from? string|address the reverse-path; "" is the null reverse-path
---@field to? string|address|(string|address)[] the recipients

---@class event.options
---@field uid? string names the event for good, such as "board-2026-11@example.org"; required
---@field sequence? integer higher with each change of the same uid; default 0
---@field method? "request"|"publish" "publish" tells of an event that needs no answer; default "request"
---@field starts? string|integer "2026-11-02 09:00" with zone, "2026-11-02T09:00:00+01:00", or os.time(); with all_day a date; required
---@field ends? string|integer the same; with all_day the first day that is free again
---@field duration? number|string in place of ends, such as "90m"
---@field zone? string the time zone of starts and ends, such as "Europe/Berlin"; with repeats, nine o'clock stays nine o'clock in summer
---@field all_day? boolean only the dates of starts and ends count
---@field repeats? string a rule of RFC 5545, such as "FREQ=WEEKLY;COUNT=10"
---@field summary? string what calendars show
---@field description? string any text, any line ends
---@field location? string where
---@field url? string https:, http: or mailto:
---@field organizer? string|address who invites; default the sender of the message
---@field attendees? string|address|attendee.options|(string|address|attendee.options)[] who is invited; default the recipients in to and cc
---@field alarm? number|string how long before the start to remind, such as "15m"

---@class lint.options
---@field ignore? string|string[] names of rules to leave out
---@field dkim? boolean|string|string[] true signs as the default account would, which raises where no key suits; or the names of keys

---@class list.options
---@field id? string "news.bank.example", or "Bank news <news.bank.example>" (RFC 2919)
---@field unsubscribe? string|string[] https: or mailto: URLs, the best first
---@field one_click? boolean a POST to the https URL unsubscribes at once (RFC 8058); large providers ask for it
---@field help? string|string[] URLs
---@field subscribe? string|string[] URLs
---@field post? string|string[] URLs
---@field owner? string|string[] URLs
---@field archive? string|string[] URLs

---@class part.options
---@field name? string the name a reader saves it under; default the file's
---@field type? string media type; default detected from name and content
---@field charset? string declared for text; the bytes are not converted
---@field disposition? "attachment"|"inline" default by where it is used
---@field content_id? string what cid: in a tree of your own refers to: id@domain

---A finished message. It never changes; with{…} makes a changed copy, so that nothing of one recipient's mail leaks into the next.
---@class message
---@field id string the Message-ID, with its angle brackets
---@field size integer octets
local message = {}

---A copy with some fields replaced. Date and Message-ID are made anew unless given.
---@param description description fields that replace those of the message
---@return message
function message:with(description) end

---The message (RFC 5322), lines ending in CRLF. It is signed only where dkim asks for it, since a signature says when it was made.
---@param opts? bytes.options 
---@return string
function message:bytes(opts) end

---The value of the first header field of that name, decoded; nil where there is none.
---@param name string in any case
---@return string?
function message:header(name) end

---All header fields in order, each {name, value}, decoded.
---@return table[]
function message:headers() end

---What is wrong with the message, in its order: what breaks on the way, what readers will not see as it was meant, what makes receivers distrust it. docs/lint.md has the rules. The message is looked at as bytes gives it.
---@param opts? lint.options 
---@return remark[]
function message:lint(opts) end

---The message as a part of another, to forward it or to report it (message/rfc822). It must not have asked for 8bit or binary.
---@param opts? part.options 
---@return part
function message:part(opts) end

---Write the message to a file, which is replaced whole or not at all. Returns the path.
---@param path string a file inside the project folder
---@param opts? bytes.options 
---@return string
function message:save(path, opts) end

---One body of a message. It can be used in any number of messages and is encoded only once.
---@class part
---@field name string? the file name
---@field type string the media type
---@field size integer octets before encoding
---@field width integer? of a chart: how wide to show it, in pixels of the page; the picture has twice as many, for fine displays
---@field height integer? of a chart: how high to show it
---@field alt string? of a chart: what it shows, for those who do not see it
local part = {}

---The HTML that shows a picture of inline: an img element, of a chart with its size and a description.
---@param name string that of the part in inline = { NAME = part }
---@return string
function part:img(name) end

---An event for calendars. It never changes.
---@class event
---@field uid string its name for good
---@field sequence integer how often it has changed
---@field method string "request", "publish", "cancel" or "reply"
---@field summary string? what calendars show
---@field starts integer seconds since 1970
local event = {}

---The event that takes this one back, with the next sequence. Send it to those who got the invitation.
---@return event
function event:cancel() end

---The answer of an attendee, to be sent to the organizer, whom the event must name.
---@param who string|address the attendee who answers
---@param status "accepted"|"declined"|"tentative" 
---@return event
function event:reply(who, status) end

---One mailbox and the name it is shown under.
---@class address
---@field name string? the name
---@field address string local@domain
---@field domain string what stands behind the @
local address = {}

---One thing that message:lint found.
---@class remark
---@field rule string its name, such as "cid-dangling"; it does not change
---@field severity string "error": the message is broken, or will be; "warning": some will not get it, or not as it was meant; "note": good to know
---@field line integer? the line of the message, from 1; nil for what is wrong with the whole
---@field header string? the header field
---@field part string? the part as IMAP counts, such as "1.2"
---@field text string what was found
---@field hint string what to do
local remark = {}

---Build messages: text, HTML, inline pictures, attachments (RFC 5322, RFC 2045 to 2049).
---@class mimelib
local mime = {}

---Build a message. A line break, a NUL or any other control character in a header field is refused: no value can become a header of its own.
---@param description description who, what, and what is attached
---@return message
function mime.message(description) end

---A file to attach or to show inline. It is read now, and a missing file raises the kind "file". One of more than 8 MiB is not held but read whenever a message with it is sent; one that has changed by then raises the kind "file", and the message is not finished.
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

---A vCard to attach: a person for the address book (RFC 2426, which Outlook reads too).
---@param description card.options who it is
---@return part
function mime.card(description) end

---An event for calendars (RFC 5545, RFC 6047), to be given to a message as event. Send the same uid with a higher sequence to change it, and event:cancel() to take it back.
---@param description event.options what, when and for whom
---@return event
function mime.event(description) end

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
