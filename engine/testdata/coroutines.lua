-- Coroutines as in Lua 5.1.
local co = coroutine.create(function(a, b)
  check(a, 1) check(b, 2)
  local c = coroutine.yield(a + b)
  check(c, "c")
  local d, e = coroutine.yield()
  check(d, nil) check(e, nil)
  local f, g, h = coroutine.yield("x", nil, "z")
  check(f, 1) check(g, 2) check(h, nil)
  return "done", nil, 3
end)
local function pack(...) return { n = select("#", ...), ... } end
check(coroutine.status(co), "suspended")
local r = pack(coroutine.resume(co, 1, 2)) check(r.n, 2) check(r[2], 3)
local r = pack(coroutine.resume(co, "c")) check(r[1], true)
local r = pack(coroutine.resume(co)) check(r.n, 4) check(r[2], "x") check(r[4], "z")
local r = pack(coroutine.resume(co, 1, 2)) check(r.n, 4) check(r[2], "done") check(r[3], nil) check(r[4], 3)
check(coroutine.status(co), "dead")
local ok, e = coroutine.resume(co) check(ok, false) check(e, "cannot resume dead coroutine")

-- As iterators.
local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local sum = 0
for i in range(10) do sum = sum + i end
check(sum, 55)

-- A function that yields in a tail call, in the main function and below it.
local co = coroutine.create(function() return coroutine.yield(1) end)
local ok, v = coroutine.resume(co) check(v, 1)
check(coroutine.status(co), "suspended")
local ok, a, b = coroutine.resume(co, "a", "b") check(ok, true) check(a, "a") check(b, "b")
check(coroutine.status(co), "dead")
local function y(...) return coroutine.yield(...) end
local w = coroutine.wrap(function() local p, q = y(1) check(p, 5) check(q, nil) return y(2) + 1 end)
check(w(), 1) check(w(5), 2) check(w(10), 11)

-- Go functions as bodies.
local ok, a = coroutine.resume(coroutine.create(string.upper), "abc") check(ok, true) check(a, "ABC")
check(coroutine.wrap(tostring)(12), "12")
local ok, a = coroutine.resume(coroutine.create(pcall), error, "e") check(a, false)

-- Errors: positions, values, status.
local ok, e = coroutine.resume(coroutine.create(function() error "m" end)) check(e, "coroutines.lua:43: m")
local t = {}
local ok, e = coroutine.resume(coroutine.create(function() error(t) end)) check(e, t)
local ok, e = pcall(coroutine.wrap(function() error "m" end)) check(e, "coroutines.lua:46: m")

-- Status and running.
check(coroutine.running(), nil)
local outer
outer = coroutine.create(function()
  check(coroutine.running(), outer) check(coroutine.status(outer), "running")
  pcall(function() check(coroutine.running(), outer) end)
  local inner = coroutine.create(function() check(coroutine.status(outer), "normal") 
    local ok, e = coroutine.resume(outer) check(ok, false) check(e, "cannot resume non-suspended coroutine") end)
  assert(coroutine.resume(inner))
  pcall(function() assert(coroutine.resume(coroutine.create(function() end))) end)
  check(coroutine.running(), outer) check(coroutine.status(outer), "running")
  local ok, e = coroutine.resume(outer) check(ok, false)
end)
assert(coroutine.resume(outer))

-- Where a coroutine cannot yield it says so, and stays usable.
local function refused(f)
  local co = coroutine.create(function() return pcall(f) end)
  local ok, inner, e = coroutine.resume(co)
  check(ok, true) check(inner, false)
  return e
end
local e = refused(function() coroutine.yield(1) end)
check(e, "coroutines.lua:70: cannot yield across pcall")
local co = coroutine.wrap(function() return try(function() coroutine.yield() end) end)
check(select(2, pcall(co)), "coroutines.lua:72: cannot yield across try")
local co = coroutine.wrap(function() table.sort({ 1, 2, 3 }, function() coroutine.yield() end) end)
assert(select(2, pcall(co)):find "cannot yield across a Go function", select(2, pcall(co)))
check(select(2, pcall(coroutine.yield)), "coroutines.lua:76: cannot yield outside a coroutine")
check(select(2, pcall(function() coroutine.yield() end)), "coroutines.lua:77: cannot yield outside a coroutine")
local mt = { __index = function(_, k) return coroutine.yield(k) end, __add = function() coroutine.yield() return 1 end,
  __lt = function() coroutine.yield() return true end, __call = function(_, v) return coroutine.yield(v) end }
local ok, e = pcall(coroutine.wrap(function() local v = setmetatable({}, mt).x return v end))
check(ok, false) check(e, "coroutines.lua:80: cannot yield across a metamethod or an iterator")
local ok, e = pcall(coroutine.wrap(function() local v = setmetatable({}, mt) + 1 return v end)) check(ok, false)
local ok, e = pcall(coroutine.wrap(function() for v in function() coroutine.yield() end do end end)) check(ok, false)
-- __call is an ordinary call.
local co = coroutine.wrap(function() local v = setmetatable({}, mt)(7) return v end)
check(co(), 7) check(co(8), 8)

-- Generators of generators, with errors in between.
local function gen(n) return coroutine.wrap(function()
  if n == 0 then coroutine.yield(0) return end
  for v in gen(n - 1) do pcall(error, "x") coroutine.yield(v + 1) end
end) end
for v in gen(20) do check(v, 20) end
