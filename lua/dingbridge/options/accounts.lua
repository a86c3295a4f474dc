--- Reads settings with several accounts, or with variables of their own; the twin of
--- `core/accounts.py` and of parts of `core/places.py`. Loaded when a setting needs it.

local declared = require('dingbridge.declared')
local values_of = require('dingbridge.options.values')

local M = {}

---@param name string
---@return dingbridge.Option
local function outer_option(name)
  for _, option in ipairs(declared.outer_options) do
    if option.name == name then
      return option
    end
  end
  error('no such option')
end

---@alias dingbridge.Gather fun(reading: dingbridge.Reading, places: dingbridge.Places, value: any, path: string, within: string, scope: dingbridge.Scope, may_wrap: boolean)

---@alias dingbridge.Inherited fun(reading: dingbridge.Reading, own: dingbridge.Scope, outer: dingbridge.Scope, apart: table<string, true>): dingbridge.Scope

---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param name string
---@param value any
---@param path string
---@param gather dingbridge.Gather
local function account(reading, places, name, value, path, gather)
  if not name:find('^[%w_-]+$') or #name > 40 or name:lower() == 'dingtalk' then
    reading:say(path, 'account_name')
    return
  end
  places.accounts[name] = places.accounts[name] or {}
  gather(reading, places, value, path, '', places.accounts[name], false)
end

--- What stands in `accounts`.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param value any
---@param path string
---@param gather dingbridge.Gather
function M.accounts(reading, places, value, path, gather)
  reading:entries(value, path, outer_option('accounts').expects, function(name, entry)
    if values_of.is_given(entry) then
      account(reading, places, name, entry, values_of.join(path, name), gather)
    end
  end)
end

--- What stands in `channels`: the block of the platform, or accounts by their `type`.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param value any
---@param path string
---@param platform string
---@param gather dingbridge.Gather
function M.blocks(reading, places, value, path, platform, gather)
  reading:entries(value, path, 'a table of options', function(name, block)
    local here = values_of.join(path, name)
    local kind
    if values_of.is_named(block) and values_of.is_given(block.type) then
      kind = block.type
    end
    if kind ~= nil and not values_of.is_ours(reading, kind, here .. '.type') then
      return
    end
    if name == platform then
      gather(reading, places, block, here, '', places.outer, false)
    elseif kind then
      account(reading, places, name, block, here, gather)
    else
      reading:unknown(here, name, { platform })
    end
  end)
end

--- Notes in `reading` what `env` adds to the environment, and whether a file may add more.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
function M.variables(reading, places)
  local first = {}
  for _, place in ipairs(places.env) do
    local expects = outer_option('env').expects
    reading:entries(place.value, place.path, expects, function(name, text)
      local here = values_of.join(place.path, name)
      if not values_of.is_given(text) then
        return
      elseif type(text) ~= 'string' then
        reading:say(here, 'expected', values_of.ITEM, values_of.kind_of(text))
        return
      elseif reading.held[name] and reading.held[name] ~= text then
        reading:say(here, 'differs', first[name])
      end
      reading.held[name] = reading.held[name] or text
      first[name] = first[name] or here
    end)
  end
  local named = reading:agreed(outer_option('env_file'), places.outer.env_file)
  reading.unread = type(named) == 'string'
end

---@param scope dingbridge.Scope
---@return boolean
local function names_robot(scope)
  for _, name in ipairs(declared.robot) do
    if scope[name] then
      return true
    end
  end
  return false
end

--- What every account is given; the outer table is one if it names a robot.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param inherited dingbridge.Inherited
---@return table<string, dingbridge.Scope>
function M.split(reading, places, inherited)
  local scopes = {}
  for name, own in pairs(places.accounts) do
    local apart = {}
    if names_robot(own) then
      for _, each in ipairs(declared.robot) do
        apart[each] = true
      end
      apart.robot_code = true
    end
    scopes[name] = inherited(reading, own, places.outer, apart)
  end
  local is_account = next(scopes) == nil or names_robot(places.outer)
  if is_account and not scopes[declared.default_account] then
    scopes[declared.default_account] = inherited(reading, {}, places.outer, {})
  end
  return scopes
end

--- What the table around the accounts gives, whether or not an account takes it.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param inherited dingbridge.Inherited
---@return dingbridge.Scope
function M.around(reading, places, inherited)
  return names_robot(places.outer) and inherited(reading, {}, places.outer, {}) or places.outer
end

--- The groups of an account over those around it, key by key in each.
---@param outer any
---@param own any
---@return any
function M.merged_groups(outer, own)
  if type(outer) ~= 'table' or type(own) ~= 'table' then
    return own
  end
  local merged = vim.deepcopy(outer)
  for name, values in pairs(own) do
    merged[name] = vim.tbl_extend('force', merged[name] or {}, values)
  end
  return merged
end

--- Notes accounts that would answer for the same robot, and finds the one that is meant when none
--- is named.
---@param reading dingbridge.Reading
---@param places dingbridge.Places
---@param accounts table<string, table<string, any>> values
---@return string
function M.default_of(reading, places, accounts)
  local names = vim.tbl_keys(accounts)
  table.sort(names)
  local first, enabled = {}, {}
  for _, name in ipairs(names) do
    local values = accounts[name]
    local robot = values.app_key or values.webhook
    if values.enabled then
      enabled[#enabled + 1] = name
      if robot and first[robot] then
        reading:say(declared.prefix .. '.accounts', 'same_robot', first[robot], name)
      elseif robot then
        first[robot] = name
      end
    end
  end
  local given = places.outer.default_account
  local named = reading:agreed(outer_option('default_account'), given)
  if type(named) == 'string' then
    if not accounts[named] then
      reading:say(given[1].path, 'no_account', table.concat(names, ', '))
    end
    return named
  end
  enabled = #enabled > 0 and enabled or names
  return vim.tbl_contains(enabled, declared.default_account) and declared.default_account or enabled[1]
end

return M
