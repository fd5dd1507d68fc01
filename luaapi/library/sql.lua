---@meta sql
-- Generated from the descriptors in luaapi; do not edit.

---@class database.options
---@field url? string "sqlite:people.db", "postgres://user@host/name" or "mysql://user@host/name"; required
---@field password? string|secret never shown; better than one in the URL
---@field connections? integer at once, default 4; one is busy as long as rows are read from it

---A database. Queries have their parameters as ? in SQLite and MySQL, as $1, $2 in PostgreSQL.
---@class database
---@field name string what errors call it
local database = {}

---The rows of a query, for a loop or a merge. It is asked again for each reading.
---@param query string SQL
---@param params? table a list of the values in its places
---@return source
function database:rows(query, params) end

---All rows of a query, in a list.
---@param query string SQL
---@param params? table a list of the values in its places
---@return row[]
function database:all(query, params) end

---The first row of a query, nil where there is none.
---@param query string SQL
---@param params? table a list of the values in its places
---@return row?
function database:one(query, params) end

---The first value of the first row of a query, nil where there is none.
---@param query string SQL
---@param params? table a list of the values in its places
---@return any
function database:value(query, params) end

---Run a statement; returns how many rows it changed. With mailscript check, too: a script that changes data does so.
---@param query string SQL
---@param params? table a list of the values in its places
---@return integer
function database:exec(query, params) end

---All of what f does, or nothing of it: an error of f takes it back and is raised.
---@param f fun(tx: transaction): any called with what queries go through; its results are returned
---@return any
function database:transaction(f) end

---What belongs together, while the function of db:transaction runs.
---@class transaction
local transaction = {}

---The rows of a query, for a loop or a merge. It is asked again for each reading.
---@param query string SQL
---@param params? table a list of the values in its places
---@return source
function transaction:rows(query, params) end

---All rows of a query, in a list.
---@param query string SQL
---@param params? table a list of the values in its places
---@return row[]
function transaction:all(query, params) end

---The first row of a query, nil where there is none.
---@param query string SQL
---@param params? table a list of the values in its places
---@return row?
function transaction:one(query, params) end

---The first value of the first row of a query, nil where there is none.
---@param query string SQL
---@param params? table a list of the values in its places
---@return any
function transaction:value(query, params) end

---Run a statement; returns how many rows it changed. With mailscript check, too: a script that changes data does so.
---@param query string SQL
---@param params? table a list of the values in its places
---@return integer
function transaction:exec(query, params) end

---Databases: SQLite, PostgreSQL, MySQL. Values go in as parameters, never into the text of a query.
---@class sqllib
local sql = {}

---A database. It is closed at the end of the run.
---@param database string|database.options the name of a [database.NAME] of mailscript.toml, a URL, or options
---@return database
function sql.open(database) end

return sql
