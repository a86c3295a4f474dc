--- Checks the table given to `setup()` inside the editor, before any Python process exists.
---
--- The twin of `dingbridge/core/settings.py` and what it is made of: same rules, same sentences (both
--- come from `declared.lua`). It reads tables and the environment, nothing else, and starts nothing;
--- what a program or a file is to say is taken as given.

local declared = require('dingbridge.declared')
local values_of = require('dingbridge.options.values')

local M = {}

---@alias dingbridge.Scope table<string, dingbridge.Given[]> canonical name to the places that give it

---@class dingbridge.Places what one table gives
---@field outer dingbridge.Scope outside of accounts
---@field accounts table<string, dingbridge.Scope>
---@field env dingbridge.Given[]

---@param within string
---@param may_wrap boolean
---@return string[]
local function names_inside(within, may_wrap)
  local names = {}
  local wrappers = may_wrap and declared.wrappers or {}
  for _, set in ipairs({ declared.spellings, declared.groups, wrappers }) do
    for name in pairs(set) do
      if vim.startswith(name, within) then
        names[#names + 1] = name:sub(#within + 1)
      end
    end
  end
  return names
end

--- Notes every option that `value` gives, however it is spelt and nested.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param value any
---@param path string
---@param within string the dotted name of the table, with a dot at its end
---@param scope dingbridge.Scope the part of `places` to note it in
---@param may_wrap boolean a pasted block is allowed once, so that a table inside itself ends
local function gather(reading, places, value, path, within, scope, may_wrap)
  reading:entries(value, path, 'a table of options', function(key, entry)
    local spelling, here = within .. key, values_of.join(path, key)
    local name, platform = declared.spellings[spelling], declared.wrappers[spelling]
    if name and declared.editor_wide[name] and scope ~= places.outer then
      reading:say(here, 'editor_wide')
    elseif name == 'accounts' then
      require('dingbridge.options.accounts').accounts(reading, places, entry, here, gather)
    elseif name then
      if values_of.is_given(entry) then
        local found = name == 'env' and places.env or scope[name] or {}
        found[#found + 1] = { path = here, value = entry }
        scope[name] = name ~= 'env' and found or nil
      end
    elseif declared.groups[spelling] then
      gather(reading, places, entry, here, spelling .. '.', scope, false)
    elseif spelling == 'type' then
      if values_of.is_given(entry) then
        values_of.is_ours(reading, entry, here)
      end
    elseif may_wrap and platform then
      require('dingbridge.options.accounts').blocks(reading, places, entry, here, platform, gather)
    else
      reading:unknown(here, key, names_inside(within, may_wrap))
    end
  end)
end

---@param raw any
---@param environ table<string, string?>
---@return dingbridge.Reading
---@return dingbridge.Places
local function start(raw, environ)
  local reading = values_of.reading(environ)
  local places = { outer = {}, accounts = {}, env = {} }
  gather(reading, places, raw, declared.prefix, '', places.outer, true)
  values_of.sort(places.env)
  for _, scope in ipairs({ places.outer, unpack(vim.tbl_values(places.accounts)) }) do
    for _, found in pairs(scope) do
      values_of.sort(found)
    end
  end
  return reading, places
end

--- What an account is given: in its own table, around it, or by the environment.
---@param reading dingbridge.Reading
---@param own dingbridge.Scope
---@param outer dingbridge.Scope
---@param apart table<string, true> options that do not come from elsewhere
---@return dingbridge.Scope
local function inherited(reading, own, outer, apart)
  local given = {}
  for _, option in ipairs(declared.options) do
    local name = option.name
    given[name] = own[name] or (not apart[name] and outer[name]) or nil
    if not given[name] and option.env and not apart[name] then
      local text, place = reading:look_up(option.env)
      if text then
        local path = '$' .. option.env .. place
        given[name] = { { path = path, value = text, from_environment = true } }
      end
    end
  end
  return given
end

--- How an account runs; the twin of `Options.mode`. Credentials that a program or a file is to say
--- count as there. What a file may say without being asked for it is not known.
---@param reading dingbridge.Reading
---@param values table<string, any>
---@param outside table<string, true> names of the values that are not known here
---@return 'off'|'webhook'|'api'|'unknown'
local function mode_of(reading, values, outside)
  local function has(name)
    return values[name] ~= nil or outside[name] ~= nil
  end
  if not values.enabled then
    return 'off'
  elseif has('app_key') and has('app_secret') then
    return 'api'
  elseif reading.unread then
    return 'unknown'
  end
  return has('webhook') and 'webhook' or 'off'
end

--- The values of one account, by canonical name.
---@param reading dingbridge.Reading
---@param scope dingbridge.Scope what it is given
---@param groups? dingbridge.Given[] the groups given around it
---@return table<string, any> values
---@return 'off'|'webhook'|'api'|'unknown' mode
local function account(reading, scope, groups)
  local values, outside = {}, {}
  -- A webhook may be on the host of an endpoint, so the endpoints are read before it.
  for _, is_webhook in ipairs({ false, true }) do
    for _, option in ipairs(declared.options) do
      if (option.kind == 'webhook address') == is_webhook then
        local places = scope[option.name]
        local value = places and reading:agreed(option, places)
        if places and option.name == 'groups' and places ~= groups then
          local outer = reading:agreed(option, groups)
          value = require('dingbridge.options.accounts').merged_groups(outer, value)
        end
        if option.kind == 'address' and value == values_of.UNKNOWN then
          reading.trusts_all = true
        elseif option.kind == 'address' and value then
          require('dingbridge.options.addresses').trust(reading, value)
        end
        if value == values_of.UNKNOWN then
          outside[option.name] = true
        end
        if value == nil or value == values_of.UNKNOWN then
          value = option.default_from and values[option.default_from] or option.default
        end
        values[option.name] = value
        -- What a file that was not read may hold cannot be missed.
        if places and option.needs and not scope[option.needs] and not reading.unread then
          reading:say(places[1].path, 'needs', option.needs)
        end
      end
    end
  end
  return values, mode_of(reading, values, outside)
end

--- Everything wrong with the table under `integrations.dingtalk`, and what it means.
---
--- `values` are those of the default account: each option under its canonical name, `$NAME` replaced
--- and defaults filled in; an option without a default that was not given, or that a program or file
--- is to say, is nil. Use them only when there are no problems.
---@param raw any
---@param environ? table<string, string?> the editor's own environment when left out
---@return string[] problems sentences, sorted; empty when all is well
---@return table<string, any> values
---@return table<string, table<string, any>> accounts the values of all accounts by name
---@return string default_account
---@return 'off'|'webhook'|'api'|'unknown' mode of the default account; off when there are problems
---@return table<string, 'off'|'webhook'|'api'|'unknown'> modes of all accounts by name
function M.check(raw, environ)
  local reading, places = start(raw, environ or vim.env)
  local accounts, modes, name = {}, {}, declared.default_account
  local outer, groups = places.outer, places.outer.groups
  if next(places.accounts) or places.env[1] or outer.env_file or outer.default_account then
    local several = require('dingbridge.options.accounts')
    several.variables(reading, places)
    for each, scope in pairs(several.split(reading, places, inherited)) do
      accounts[each], modes[each] = account(reading:anew(), scope, groups)
    end
    if next(places.accounts) then
      -- What every account gives anew is used by none, and yet must be right.
      account(reading:anew(), several.around(reading, places, inherited), groups)
    end
    name = several.default_of(reading, places, accounts)
  else
    accounts[name], modes[name] = account(reading, inherited(reading, {}, outer, {}), groups)
  end
  local problems = vim.tbl_keys(reading.problems)
  table.sort(problems)
  return problems, accounts[name] or {}, accounts, name, problems[1] and 'off' or modes[name], modes
end

--- The table with the options in what `setup()` is given, which is that table or one around it, and
--- what is wrong around it.
---@param given any
---@return any raw
---@return string[] problems sentences, sorted
function M.unwrapped(given)
  local outer, inner = declared.prefix:match('^(%w+)%.(%w+)$')
  if type(given) ~= 'table' then
    return given, {}
  end
  local reading = values_of.reading({})
  local raw = given
  for key, value in pairs(given) do
    if key == outer then
      raw = type(value) == 'table' and value[inner] or {}
      reading:entries(value, outer, ('a table with %s'):format(inner), function(name)
        local near = name ~= inner and values_of.near(name, { inner })
        if near then
          reading:say(values_of.join(outer, name), 'unknown_near', near)
        elseif name ~= inner then
          reading:say(values_of.join(outer, name), 'type')
        end
      end)
    elseif type(key) == 'string' and type(value) == 'table' and not declared.spellings[key] then
      local near = values_of.near(key, vim.list_extend({ outer }, names_inside('', true)))
      if near == outer then
        raw = given[outer] and raw or {}
        reading:say(key, 'unknown_near', near)
      end
    end
  end
  local problems = vim.tbl_keys(reading.problems)
  table.sort(problems)
  return raw, problems
end

---@param scope dingbridge.Scope
---@return table<string, any>
local function as_written(scope)
  return vim.tbl_map(function(places)
    return places[1].value
  end, scope)
end

--- The options that `raw` gives, by canonical name, each with its value as written.
---@param raw any
---@return table<string, any> outer those outside of accounts
---@return table<string, table<string, any>> accounts what each account is given, by name
function M.canonical(raw)
  local reading, places = start(raw, {})
  local accounts = { [declared.default_account] = places.outer }
  if next(places.accounts) then
    accounts = require('dingbridge.options.accounts').split(reading, places, inherited)
  end
  return as_written(places.outer), vim.tbl_map(as_written, accounts)
end

return M
