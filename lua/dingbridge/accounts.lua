--- Reads the accounts from the settings without a host: enough for the status line and for autostart.
--- Values of programs and of the `env_file` count as given.

local variable = require('dingbridge.option_values').variable
local generated = require('dingbridge.generated')

local M = {}

---@class dingbridge.Foreseen what can be told of an account
---@field is_on boolean
---@field mode 'off'|'webhook'|'api'|'unknown'
---@field app_key? string nil when only the service can find out
---@field on_demand boolean whether sessions are made for those who write

--- The value of an option as far as the editor knows it: as written, with environment variables for
--- `'$NAME'`, or the default.
---@param scope dingbridge.Scope
---@param name string
---@return any value nil when only the service can find out
function M.value(scope, name)
  local option, value = generated.options[name], scope[name]
  local named = variable(value)
  if named then
    value = vim.env[named]
  end
  if option.kind == 'flag' then
    value = generated.truth[vim.trim(tostring(value)):lower()]
  end
  if value == nil and (not named or option.kind == 'flag') then
    return option.default
  end
  return type(value) == 'string' and vim.trim(value) or value
end

---@param scope dingbridge.Scope
---@return boolean
local function names_robot(scope)
  for _, name in ipairs(generated.robot) do
    if scope[name] ~= nil then
      return true
    end
  end
  return false
end

--- The value given for an option of an account: in its table, in the outer one, or by the environment.
---@param own dingbridge.Scope
---@param outer dingbridge.Scope
---@param name string
---@return any
local function given(own, outer, name)
  if own[name] ~= nil then
    return own[name]
  elseif vim.tbl_contains(generated.robot, name) and names_robot(own) then
    return nil
  elseif outer[name] ~= nil then
    return outer[name]
  end
  local env, variables = generated.options[name].env, outer.env or {}
  local text = env and vim.trim(vim.env[env] or variables[env] or '') or ''
  return text ~= '' and text or nil
end

---@param own dingbridge.Scope
---@param outer dingbridge.Scope
---@return dingbridge.Foreseen
local function foreseen(own, outer)
  local scope = {}
  for _, name in ipairs({ 'enabled', 'app_key', 'app_secret', 'webhook', 'session_scope' }) do
    scope[name] = given(own, outer, name)
  end
  local is_on, app_key = M.value(scope, 'enabled'), M.value(scope, 'app_key')
  local sessions = M.value(scope, 'session_scope')
  local mode = 'off'
  if is_on and scope.app_key and scope.app_secret then
    mode = 'api'
  elseif is_on and outer.env_file then
    mode = 'unknown'
  elseif is_on and scope.webhook then
    mode = 'webhook'
  end
  return {
    is_on = is_on,
    mode = mode,
    app_key = type(app_key) == 'string' and app_key or nil,
    on_demand = sessions ~= nil and sessions ~= 'bound',
  }
end

--- All accounts by name, and the name of the default account.
---@param written dingbridge.Written without problems
---@return table<string, dingbridge.Foreseen>
---@return string
function M.foresee(written)
  local outer, default = written.outer, generated.default_account
  local found = {}
  for name, own in pairs(written.accounts) do
    found[name] = foreseen(own, outer)
  end
  if next(found) == nil or (names_robot(outer) and not found[default]) then
    found[default] = foreseen({}, outer)
  end
  local names = vim.tbl_keys(found)
  table.sort(names)
  local on = vim.tbl_filter(function(name)
    return found[name].is_on
  end, names)
  names = on[1] and on or names
  local meant = M.value(outer, 'default_account')
  if not found[meant] then
    meant = vim.tbl_contains(names, default) and default or names[1]
  end
  return found, meant
end

return M
