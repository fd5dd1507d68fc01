-- Closures keep their variables through errors that are caught (yuin/gopher-lua#448).
local n = 0
local function inc() n = n + 1 end
for i = 1, 3 do pcall(function() inc() error "e" end) end
check(n, 3)

-- Upvalues shared by several closures, in nested calls.
local a, b = 0, 0
local function both() a = a + 1; b = b + 2 end
local function read() return a, b end
for i = 1, 3 do
  pcall(function()
    both()
    pcall(function() both() error {} end)
    both()
    error(nil)
  end)
end
local x, y = read()
check(x, 9) check(y, 18) check(a, 9) check(b, 18)

-- Errors in coroutines, resumed and wrapped.
local c = 0
for i = 1, 3 do
  local co = coroutine.create(function() c = c + 1; coroutine.yield() c = c + 1; error "x" end)
  coroutine.resume(co)
  check((coroutine.resume(co)), false)
  check(coroutine.status(co), "dead")
  pcall(coroutine.wrap(function() c = c + 1; error "y" end))
end
check(c, 9)

-- A local of the function that catches, changed by a closure after a caught error inside a coroutine.
local co = coroutine.wrap(function()
  local k = 0
  local function add() k = k + 1 end
  for i = 1, 5 do pcall(function() add() error "e" end) coroutine.yield(k) end
end)
check(co(), 1) check(co(), 2) check(co(), 3)

-- Closures that escape from a call that fails keep the values they saw last.
local escaped = {}
pcall(function()
  for i = 1, 3 do
    local v = i * 10
    escaped[i] = { get = function() return v end, set = function(w) v = w end }
  end
  local last = 5
  escaped[4] = { get = function() return last end, set = function(w) last = w end }
  error "e"
end)
for i = 1, 3 do check(escaped[i].get(), i * 10) end
check(escaped[4].get(), 5)
escaped[4].set(6) check(escaped[4].get(), 6)
escaped[1].set(7) check(escaped[1].get(), 7) check(escaped[2].get(), 20)

-- The same with xpcall, whose handler must not disturb them either.
local kept
local ok, text = xpcall(function()
  local v = "value"
  kept = function(w) if w then v = w end return v end
  error "boom"
end, function(e) local junk = {} for i = 1, 100 do junk[i] = e end return "handled: " .. e end)
check(ok, false)
check(text, "handled: closures.lua:62: boom")
for i = 1, 50 do pcall(function() local p, q, r = 1, 2, 3; error(p + q + r) end) end
check(kept(), "value") check(kept "other", "other") check(kept(), "other")

-- Loops with break inside, and errors out of the middle of a loop.
local got = {}
for round = 1, 3 do
  pcall(function()
    local fs = {}
    for i = 1, 10 do
      local j = i
      fs[#fs + 1] = function() j = j + 1; return j end
      if i == 3 then break end
    end
    got[round] = fs
    for _, f in ipairs(fs) do f() end
    error "e"
  end)
end
for round = 1, 3 do for i = 1, 3 do check(got[round][i](), i + 2) end end

-- Errors raised by Go functions, in metamethods and in iterators of for.
local m = 0
local function bump() m = m + 1 end
local t = setmetatable({}, { __index = function() bump() error "index" end, __add = function() bump() error "add" end,
  __call = function() bump() error "call" end, __concat = function() bump() error "concat" end,
  __lt = function() bump() error "lt" end, __eq = function() bump() error "eq" end,
  __newindex = function() bump() error "newindex" end, __unm = function() bump() error "unm" end,
  __tostring = function() bump() error "tostring" end })
local u = setmetatable({}, getmetatable(t))
for i = 1, 2 do
  pcall(function() return t.x end)
  pcall(function() return t + 1 end)
  pcall(function() return t() end)
  pcall(t)
  pcall(function() return t .. "x" end)
  pcall(function() return t < u end)
  pcall(function() return t == u end)
  pcall(function() t.x = 1 end)
  pcall(function() return -t end)
  pcall(function() return tostring(t) end)
  pcall(tostring, t)
  pcall(function() bump() string.rep() end)
  pcall(function() for _ in function() bump() error "next" end do end end)
  pcall(function() bump() table.sort({ 3, 2, 1 }, function() bump() error "sort" end) end)
  pcall(function() string.gsub("abc", ".", function() bump() error "gsub" end) end)
  pcall(bump)
end
check(m, 34)

-- Deep recursion that overflows keeps what it changed.
local depth = 0
local function deep() depth = depth + 1; return 1 + deep() end
local ok, e = pcall(deep)
check(ok, false)
assert(e:find "stack overflow", e)
local before = depth
pcall(deep)
check(depth > before, true)
