-- pcall, xpcall, error, assert, try: values and messages.
local function pack(...) return { n = select("#", ...), ... } end

local r = pack(pcall(function(...) return ... end, 1, nil, 3, nil))
check(r.n, 5) check(r[1], true) check(r[2], 1) check(r[3], nil) check(r[4], 3) check(r[5], nil)
check(pack(pcall(function() end)).n, 1)
check(select("#", pcall(string.byte, "")), 1)

-- Error values of any type.
local t = {}
for _, v in ipairs { t, 42, "text", true, false, print } do
  local ok, e = pcall(error, v)
  check(ok, false) check(e, type(v) == "number" and "42" or v)
end
local r = pack(pcall(error, nil)) check(r.n, 2) check(r[1], false) check(r[2], nil)
local r = pack(pcall(error)) check(r.n, 2) check(r[2], nil)

-- Positions.
check(select(2, pcall(function() error "m" end)), "errors.lua:19: m")
check(select(2, pcall(function() error("m", 0) end)), "m")
check(select(2, pcall(function() error("m", 1) end)), "errors.lua:21: m")
local function at2() error("m", 2) end
check(select(2, pcall(function() at2() end)), "errors.lua:23: m")
check(select(2, pcall(at2)), "m")
check(select(2, pcall(error, "m")), "m")
check(select(2, pcall(ipairs)), "bad argument #1 to 'ipairs' (table expected, got no value)")
check(select(2, pcall(function() local x = nil; return x.y end)):sub(1, 14), "errors.lua:27:")

-- What cannot be called raises, and is not reported as a failure of the call.
local ok, e = pcall(function() pcall(nil) end)
check(e, "errors.lua:30: pcall: expected a function, got nil; write pcall(function() return … end)")
local ok, e = pcall(function() pcall() end)
check(e, "errors.lua:32: pcall: expected a function, got nothing; write pcall(function() return … end)")
local ok, e = pcall(function() try {} end)
check(e, "errors.lua:34: try: expected a function, got table; write try(function() return … end)")
local ok, e = pcall(function() xpcall("x", print) end)
check(e, "errors.lua:36: xpcall: expected a function, got string; write xpcall(function() return … end)")
check((pcall(setmetatable({}, { __call = function() end }))), true)

-- xpcall.
check(select(2, xpcall(error, function(e) return e .. "!" end, "x")), "x!")
local r = pack(xpcall(function(...) return ... end, print, 1, 2)) check(r.n, 3) check(r[3], 2)
local r = pack(xpcall(function() error "x" end, function() return 1, 2, 3 end)) check(r.n, 4) check(r[1], false)
local ok, e = xpcall(function() error "x" end, function() error "y" end)
check(ok, false) check(e, "error in error handler: errors.lua:44: y")
local function raises_here() error "deep" end
local ok, trace = xpcall(function() raises_here() end, debug.traceback)
assert(trace:find("errors.lua:46: deep\nstack traceback:\n\terrors.lua:46: in function raises_here", 1, true), trace)
assert(trace:find("errors.lua:47: in function <", 1, true), trace)

-- assert keeps the value and adds no position.
check(select(2, pcall(assert, nil, t)), t)
check(select(2, pcall(function() assert(false, "m") end)), "m")
check(select(2, pcall(function() assert(nil) end)), "assertion failed!")
local a, b, c = assert(1, 2, 3) check(c, 3)

-- try catches faults only.
local r = pack(try(function(...) return ... end, 1, nil, 3)) check(r.n, 3) check(r[3], 3)
local v, f = try(fault, "auth", "no")
check(v, nil) check(type(f), "userdata") check(f.kind, "auth") check(f.message, "no")
check(f.where, "errors.lua:59")
check(tostring(f), "errors.lua:59: no") check("x: " .. f, "x: errors.lua:59: no") check(f .. "!", "errors.lua:59: no!")
check(f.code, nil) check(f.hint, nil) check(f.temporary, false) check(f.cause, nil) check(f.replies, nil)
f:handled() f:handled "known"
check(getmetatable(f), "fault")
check(select(2, pcall(assert, nil, f)), f)
check(select(2, pcall(assert, try(fault, "auth", "no"))).kind, "auth")
check(select(2, pcall(function() return f.mesage end)), 'errors.lua:68: fault has no field "mesage" (did you mean "message"?)')
check(select(2, pcall(function() return f.zzz end)), 'errors.lua:69: fault has no field "zzz"')
check(select(2, pcall(function() f.message = 1 end)), 'errors.lua:70: fault is read-only: field "message" cannot be set')
local ok, e = pcall(function() try(function() local x = nil; x() end) end)
check(ok, false) check(e:sub(1, 14), "errors.lua:71:")
local ok, e = pcall(try, error, t) check(ok, false) check(e, t)
local ok, e = pcall(try, function() error "s" end) check(e, "errors.lua:74: s")

-- A fault passes through pcall, coroutines and error() unchanged.
local ok, e = pcall(fault, "lost", "m") check(e.kind, "lost")
local ok, e2 = pcall(error, e) check(e2, e)
local ok, e3 = coroutine.resume(coroutine.create(function() fault("dns", "m") end)) check(e3.kind, "dns")
check(e3.where, "errors.lua:79")
local ok, e4 = pcall(coroutine.wrap(function() fault("dns", "m") end)) check(e4.kind, "dns")
local v, e5 = try(coroutine.wrap(function() fault("dns", "m") end)) check(e5.kind, "dns")

-- Deep recursion of pcall is an error, and harmless.
local depth = 0
local function nest() depth = depth + 1; local ok, e = pcall(nest); if not ok then error(e, 0) end end
local ok, e = pcall(nest)
check(ok, false) assert(e:find "stack overflow", e)
check(depth > 150, true)
local ok, e = pcall(function() local function f() return tostring(setmetatable({}, { __tostring = f })) end return f() end)
check(ok, false) assert(e:find "stack overflow", e)
local ok, e = pcall(function() local t = setmetatable({}, {}); getmetatable(t).__index = function(_, k) return t[k] end; return t.x end)
check(ok, false) assert(e:find "stack overflow", e)
local t = setmetatable({}, {}); getmetatable(t).__index = t
check((pcall(function() return t.x end)), false)
