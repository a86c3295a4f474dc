--- Reads the values that have entries of their own; the twin of `core/programs.py` and of parts of
--- `core/values.py`. Loaded when a setting needs it.

local declared = require('dingbridge.declared')
local values_of = require('dingbridge.options.values')

local M = {}

--- A program and its arguments. `$NAME` in them is the program's business.
---@param reading dingbridge.Reading
---@param value any
---@param path string
---@param expects string
---@return string[]?
local function argv(reading, value, path, expects)
  if not values_of.is_list(value) or #value == 0 then
    return reading:say(path, 'expected', expects, values_of.kind_of(value))
  end
  local words = {}
  for number, word in ipairs(value) do
    local here = ('%s[%d]'):format(path, number)
    if type(word) ~= 'string' then
      reading:say(here, 'expected', values_of.ITEM, values_of.kind_of(word))
    elseif number == 1 and values_of.stripped(word) == '' then
      reading:say(here, 'empty')
    elseif word:find('\0', 1, true) then
      reading:say(here, 'control')
    else
      words[#words + 1] = word
    end
  end
  return #words == #value and words or nil
end

---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param value any
---@param path string
---@return 'lua'|string[]|nil
function M.responder(reading, option, value, path)
  if type(value) == 'function' then
    return 'lua'
  end
  if type(value) == 'table' and value.lua == true and next(value, next(value)) == nil then
    return 'lua'
  end
  return argv(reading, value, path, option.expects)
end

--- What a program is to say: the host asks it, and only then is there a value.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param value table with `cmd`
---@param path string
---@return table? `UNKNOWN`, or nil with a problem noted
function M.output(reading, option, value, path)
  if next(value, next(value)) ~= nil then
    return reading:say(path, 'expected', option.expects, values_of.kind_of(value))
  end
  return argv(reading, value.cmd, path .. '.cmd', declared.program) and values_of.UNKNOWN or nil
end

--- An item of a list of people or of remote commands, whose `/` is taken off.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param text string
---@param path string
---@return string?
function M.item(reading, option, text, path)
  if option.kind == 'list of people' then
    if text == '*' then
      return reading:say(path, 'everybody')
    end
    return text
  end
  local name = text:gsub('^/', '')
  if text == '*' or vim.tbl_contains(declared.remote_commands, name) then
    return name
  end
  local near = values_of.near(name, declared.remote_commands)
  if near then
    return reading:say(path, 'command_near', near)
  end
  return reading:say(path, 'command', table.concat(declared.remote_commands, ', '))
end

--- Programs with a name each, which is one word.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param value any
---@param path string
---@return table<string, string[]>?
function M.programs(reading, option, value, path)
  if not values_of.is_named(value) then
    return reading:say(path, 'expected', option.expects, values_of.kind_of(value))
  end
  local found = {}
  reading:entries(value, path, option.expects, function(name, words)
    local here = values_of.join(path, name)
    if name == '' or name:find('[ \t\r\n\v\f]') then
      reading:say(here, 'program_name')
    elseif values_of.is_given(words) then
      found[name] = argv(reading, words, here, declared.program)
    end
  end)
  return found
end

---@param reading dingbridge.Reading
---@param value any
---@param path string
---@return table<string, any>
local function group(reading, value, path)
  local given, values = {}, {}
  reading:entries(value, path, 'a table of options', function(key, entry)
    local here, name = values_of.join(path, key), declared.group_spellings[key]
    if not name then
      reading:unknown(here, key, vim.tbl_keys(declared.group_spellings))
    elseif values_of.is_given(entry) then
      given[name] = given[name] or {}
      table.insert(given[name], { path = here, value = entry })
    end
  end)
  for _, option in ipairs(declared.group_options) do
    local places = given[option.name] or {}
    values_of.sort(places)
    local agreed = reading:agreed(option, places)
    if agreed ~= values_of.UNKNOWN then
      values[option.name] = agreed
    end
  end
  return values
end

--- What is given for each conversation, and no more: the rest comes from elsewhere.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param value any
---@param path string
---@return table<string, table<string, any>>?
function M.conversations(reading, option, value, path)
  if not values_of.is_named(value) then
    return reading:say(path, 'expected', option.expects, values_of.kind_of(value))
  end
  local groups = {}
  reading:entries(value, path, option.expects, function(name, entry)
    local here = values_of.join_conversation(path, name)
    local text = values_of.is_given(entry) and reading:text(option, name, here, option.expects)
    if text and text ~= name and value[text] ~= nil then
      reading:say(here, 'differs', values_of.join_conversation(path, text))
    elseif text then
      groups[text] = group(reading, entry, here)
    end
  end)
  return groups
end

return M
