--- Checks the table given to `setup()` without a Python process: names, types, shapes and
--- placeholders. Python checks whether the options fit together, at the first command
--- (`dingbridge/core/options/settings.py`). Both use the same sentences.

local Check = require('dingbridge.option_values')
local generated = require('dingbridge.generated')
local say = require('dingbridge.say')

local M = {}

local OUTER, INNER = generated.prefix:match('^(%w+)%.(%w+)$')

---@alias dingbridge.Scope table<string, any> canonical name to what is written

--- The options that one table gives.
---@class dingbridge.Written
---@field outer dingbridge.Scope outside of accounts
---@field accounts table<string, dingbridge.Scope>

---@class dingbridge.Reading
---@field check dingbridge.Check
---@field written dingbridge.Written

---@param within string the dotted name of a table, with a dot at its end
---@param wrappers table<string, string>
---@return string[]
local function names_inside(within, wrappers)
  local names = {}
  for _, known in ipairs({ generated.spellings, generated.nests, wrappers }) do
    for name in pairs(known) do
      if vim.startswith(name, within) then
        names[#names + 1] = name:sub(#within + 1)
      end
    end
  end
  return names
end

--- Whether a table's `type` names our platform, as in the settings of other gateways.
---@param check dingbridge.Check
---@param kind any
---@param path string
---@return boolean
local function is_ours(check, kind, path)
  if type(kind) ~= 'string' then
    check:expected(path, { choices = { INNER } }, kind)
  elseif Check.stripped(kind) ~= INNER then
    check:add(path, say('other_type'))
  else
    return true
  end
  return false
end

local options

---@param reading dingbridge.Reading
---@param name string
---@param value any
---@param path string
local function account(reading, name, value, path)
  if not name:find('^[%w_-]+$') or #name > 40 or name:lower() == INNER then
    reading.check:add(path, say('account_name'))
    return
  end
  local accounts = reading.written.accounts
  accounts[name] = accounts[name] or {}
  options(reading, value, path, '', accounts[name])
end

--- The entries of `channels`: the platform's block, or accounts by their `type`.
---@param reading dingbridge.Reading
---@param value any
---@param path string
local function channels(reading, value, path)
  local check = reading.check
  check:entries(value, path, 'table_of_options', function(name, block)
    local here = Check.join(path, name)
    local kind
    if type(block) == 'table' then
      kind = block.type
    end
    if Check.is_given(kind) and not is_ours(check, kind, here .. '.type') then
      return
    elseif name == INNER then
      options(reading, block, here, '', reading.written.outer)
    elseif Check.is_given(kind) then
      account(reading, name, block, here)
    else
      check:unknown(here, name, { INNER })
    end
  end)
end

--- Checks every option in `value`, in any spelling and nesting, and adds it to `scope`.
---@param reading dingbridge.Reading
---@param value any
---@param path string
---@param within string the dotted name of the table, with a dot at its end
---@param scope dingbridge.Scope
---@param may_wrap? boolean a pasted block is allowed once, so that a table inside itself ends
function options(reading, value, path, within, scope, may_wrap)
  local check, wrappers = reading.check, may_wrap and generated.wrappers or {}
  check:entries(value, path, 'table_of_options', function(key, entry)
    local spelling, here = within .. key, Check.join(path, key)
    local name, is_given = generated.spellings[spelling], Check.is_given(entry)
    local option = name and generated.options[name]
    if option and option.editor_wide and scope ~= reading.written.outer then
      check:add(here, say('editor_wide'))
    elseif name == 'accounts' then
      check:entries(entry, here, option, function(each, table)
        if Check.is_given(table) then
          account(reading, each, table, Check.join(here, each))
        end
      end)
    elseif option and is_given then
      check:value(option, entry, here)
      scope[name] = entry -- Python reports spellings with different values
    elseif generated.nests[spelling] then
      options(reading, entry, here, spelling .. '.', scope)
    elseif spelling == 'type' and is_given then
      is_ours(check, entry, here)
    elseif wrappers[spelling] then
      channels(reading, entry, here)
    elseif not option and spelling ~= 'type' then
      check:unknown(here, key, names_inside(within, wrappers))
    end
  end)
end

--- The table with the options in the argument of `setup()`: the argument, or a table in it.
---@param check dingbridge.Check what is wrong around it is noted here
---@param given table
---@return any
---@return string path of it, empty for the argument
local function unwrapped(check, given)
  local raw, path = given, ''
  if given[OUTER] ~= nil then
    path = generated.prefix
    raw = type(given[OUTER]) == 'table' and given[OUTER][INNER] or {}
    check:entries(given[OUTER], OUTER, 'table_with_dingtalk', function(name)
      local near = name ~= INNER and Check.near(name, { INNER })
      if name ~= INNER then
        local sentence = near and say('unknown_option_near', { near = near }) or say('other_type')
        check:add(Check.join(OUTER, name), sentence)
      end
    end)
  elseif type(given[INNER]) == 'table' then
    raw, path = given[INNER], INNER
    check:add(INNER, say('belongs_inside'))
  end
  for key, value in pairs(given) do
    local is_known = generated.spellings[key] or generated.nests[key] or generated.wrappers[key]
    if is_known and raw ~= given then
      check:add(key, say('belongs_inside'))
    elseif not is_known and type(key) == 'string' and type(value) == 'table' and key ~= OUTER then
      if Check.near(key, { OUTER, unpack(names_inside('', generated.wrappers)) }) == OUTER then
        check:add(key, say('unknown_option_near', { near = OUTER }))
        raw = raw ~= given and raw or {}
      end
    end
  end
  return raw, path
end

--- Checks the argument of `setup()`: the options, or `{ integrations = { dingtalk = options } }`.
---@param given any
---@return string[] problems sentences, sorted; empty when nothing is wrong that can be seen from here
---@return any raw the table with the options
---@return dingbridge.Written written
---@return string path of the table with the options, empty for the argument
function M.check(given)
  local written = { outer = {}, accounts = {} }
  local check = setmetatable({ sentences = {} }, Check)
  local raw, path = given, ''
  if type(given) == 'table' then
    raw, path = unwrapped(check, given)
  end
  options({ check = check, written = written }, raw, path, '', written.outer, true)
  local problems = vim.tbl_keys(check.sentences)
  table.sort(problems)
  return problems, raw, written, path
end

return M
