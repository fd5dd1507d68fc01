---@meta secret
-- Generated from the descriptors in luaapi; do not edit.

---A password or token. It prints as ‹secret›; joined with a string it stays a secret.
---@class secret
local secret = {}

---Passwords and tokens from outside the script. A secret prints as ‹secret› everywhere; only log-ins read it, and http where it is part of a request.
---@class secretlib
local secret = {}

---The secret [secret.NAME] of mailscript.toml: from a command, the environment, a file, the keyring or a prompt.
---@param name string a name in mailscript.toml
---@return secret
function secret.get(name) end

---A secret from an environment variable.
---@param variable string of the environment
---@return secret
function secret.env(variable) end

---A secret from the first line of a file, which nobody else should be able to read.
---@param path string relative to the project folder
---@return secret
function secret.file(path) end

---A secret typed at the terminal, not shown. Raises where there is no terminal.
---@param question string what to ask for
---@return secret
function secret.prompt(question) end

return secret
