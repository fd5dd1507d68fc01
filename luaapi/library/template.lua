---@meta template
-- Generated from the descriptors in luaapi; do not edit.

---@class source.options
---@field html? string the HTML part
---@field markdown? string in place of html and text: both are made of it
---@field text? string the text part
---@field subject? string the subject, one line
---@field preheader? string what mail programs show behind the subject
---@field layout? string a file in the folder layouts, into which the HTML goes
---@field name? string what errors call it; default "template"
---@field language? string for numbers, money, dates and plurals, such as "de" or "pt-BR"; default "en"
---@field keep_css? boolean leave style sheets as they are; by default they go into style attributes, which all mail programs know
---@field timezone? string that times are shown in, such as "Europe/Paris"; default the one each has

---@class template.options
---@field language? string for numbers, money, dates and plurals, such as "de" or "pt-BR"; default "en"
---@field keep_css? boolean leave style sheets as they are; by default they go into style attributes, which all mail programs know
---@field timezone? string that times are shown in, such as "Europe/Paris"; default the one each has

---A letter with blanks. A description takes it as template, with data.
---@class template
---@field name string the name it was loaded by
local template = {}

---The parts of the message: html, text, subject and preheader, those that the template has. A field that the data does not have is an error.
---@param data row|table what the fields of the template are taken from
---@return table
function template:render(data) end

---Letters with blanks: HTML, Markdown, text and subject, filled with the fields of a row. What comes from a row is data wherever it stands, never markup. See docs/templates.md.
---@class templatelib
local template = {}

---The template in files of that name. The first lines may say subject, preheader and layout. It is read and checked once; rendering is quick.
---@param name string without ending: NAME.html or NAME.md, NAME.txt, or both, below the project folder
---@param opts? template.options 
---@return template
function template.load(name, opts) end

---A template that is written in the script.
---@param source source.options 
---@return template
function template.new(source) end

return template
