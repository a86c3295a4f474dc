--- Checks the table given to `setup()` inside the editor, before any Python process exists.
---
--- The twin of `dingbridge/core/settings.py` and `values.py`: same rules, same sentences (both come
--- from `declared.lua`). It reads tables and the environment, nothing else, and starts nothing.

local declared = require('dingbridge.declared')
local values_of = require('dingbridge.options.values')

local M = {}

local LONGEST_KEY = 60 -- bytes; a longer one is not shown and not compared

---@param path string
---@param key string
---@return string
local function join(path, key)
  if #key <= LONGEST_KEY and key:find('^[%w_.\128-\255-]+$') then
    return path .. '.' .. key
  end
  return path .. '[...]'
end

---@param reading dingbridge.Reading
---@param path string
---@param key string
---@param known string[]
local function unknown(reading, path, key, known)
  local near = #key <= LONGEST_KEY and require('dingbridge.options.nearest')(key, known)
  if near then
    reading:say(path, 'unknown_near', near)
  else
    reading:say(path, 'unknown')
  end
end

--- Calls `each` with every named entry of `value`.
---@param reading dingbridge.Reading
---@param value any
---@param path string
---@param each fun(key: string, value: any)
local function entries(reading, value, path, each)
  if not values_of.is_given(value) then
    return
  end
  if type(value) ~= 'table' or (next(value) ~= nil and values_of.is_list(value)) then
    reading:say(path, 'expected', 'a table of options', values_of.kind_of(value))
    return
  end
  for key, entry in pairs(value) do
    if type(key) == 'string' then
      each(key, entry)
    else
      reading:say(path, 'unnamed')
    end
  end
end

---@param scope string
---@param may_wrap boolean
---@return string[]
local function names_inside(scope, may_wrap)
  local names = {}
  local wrappers = may_wrap and declared.wrappers or {}
  for _, set in ipairs({ declared.spellings, declared.groups, wrappers }) do
    for name in pairs(set) do
      if vim.startswith(name, scope) then
        names[#names + 1] = name:sub(#scope + 1)
      end
    end
  end
  return names
end

--- Gathers every option in `value` by canonical name, however it is spelt and nested.
---@param reading dingbridge.Reading
---@param value any
---@param path string
---@param scope string the dotted group that `value` is, with a dot at its end
---@param may_wrap boolean a pasted block is allowed once, so that a table inside itself ends
---@param found table<string, dingbridge.Given[]>
local function gather(reading, value, path, scope, may_wrap, found)
  entries(reading, value, path, function(key, entry)
    local spelling, here = scope .. key, join(path, key)
    local name, inner = declared.spellings[spelling], declared.wrappers[spelling]
    if name then
      if values_of.is_given(entry) then
        found[name] = found[name] or {}
        table.insert(found[name], { path = here, value = entry })
      end
    elseif declared.groups[spelling] then
      gather(reading, entry, here, spelling .. '.', false, found)
    elseif may_wrap and inner then
      entries(reading, entry, here, function(block_name, block)
        if block_name == inner then
          gather(reading, block, join(here, block_name), '', false, found)
        else
          unknown(reading, join(here, block_name), block_name, { inner })
        end
      end)
    else
      unknown(reading, here, key, names_inside(scope, may_wrap))
    end
  end)
end

--- The value that all places give, or nil when none gives a usable one.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param places dingbridge.Given[]
---@return any
local function agreed_value(reading, option, places)
  local first, agreed
  for _, given in ipairs(places) do
    local value = reading:value(option, given)
    if value ~= nil then
      if not first then
        first, agreed = given, value
      elseif not vim.deep_equal(value, agreed) then
        reading:say(given.path, 'differs', first.path)
      end
    end
  end
  return agreed
end

---@param raw any
---@param environ table<string, string?>
---@return dingbridge.Reading
---@return table<string, dingbridge.Given[]>
local function start(raw, environ)
  local reading = values_of.reading(environ)
  local found = {}
  gather(reading, raw, declared.prefix, '', true, found)
  for _, places in pairs(found) do
    table.sort(places, function(a, b)
      return a.path < b.path
    end)
  end
  return reading, found
end

--- Everything wrong with the table under `integrations.dingtalk`, and what it means.
---
--- `values` has each option under its canonical name, `$NAME` replaced and defaults filled in; an
--- option without a default that was not given is nil. Use it only when there are no problems.
---@param raw any
---@param environ? table<string, string?> the editor's own environment when left out
---@return string[] problems sentences, sorted; empty when all is well
---@return table<string, any> values
function M.check(raw, environ)
  local reading, found = start(raw, environ or vim.env)
  for _, option in ipairs(declared.options) do
    local held = not found[option.name] and option.env and reading.environ[option.env] or ''
    if values_of.stripped(held) ~= '' then
      local path = '$' .. option.env
      found[option.name] = { { path = path, value = held, from_environment = true } }
    end
  end
  local values = {}
  -- A webhook may be on the host of an endpoint, so the endpoints are read before it.
  for _, is_webhook in ipairs({ false, true }) do
    for _, option in ipairs(declared.options) do
      if (option.kind == 'webhook address') == is_webhook then
        local places = found[option.name] or {}
        local value = agreed_value(reading, option, places)
        if value == nil then
          value = option.default_from and values[option.default_from] or option.default
        end
        values[option.name] = value
        if option.kind == 'address' then
          reading:trust(value)
        end
        if places[1] and option.needs and not found[option.needs] then
          reading:say(places[1].path, 'needs', option.needs)
        end
      end
    end
  end
  local problems = vim.tbl_keys(reading.problems)
  table.sort(problems)
  return problems, values
end

--- The options that `raw` gives, by canonical name, each with its value as written.
---@param raw any
---@return table<string, any>
function M.canonical(raw)
  local _, found = start(raw, {})
  local values = {}
  for name, places in pairs(found) do
    values[name] = places[1].value
  end
  return values
end

return M
