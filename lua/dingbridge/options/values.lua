--- Reads the value of one option by its kind; the twin of `core/values.py`.

local declared = require('dingbridge.declared')

local M = {}

local SPACE = ' \t\r\n\v\f'
local LONGEST_KEY = 60 -- bytes; a longer one is not shown and not compared
local NESTED = {
  responder = 'responder',
  ['settings of conversations'] = 'conversations',
  ['programs by name'] = 'programs',
}
local LISTS = { ['list of text'] = true, ['list of people'] = true, ['list of commands'] = true }

M.ITEM = 'text in quotes'

--- Stands for a value that is held outside, where the editor does not look.
M.UNKNOWN = {}

---@class dingbridge.Given one place where an option has a value
---@field path string
---@field value any
---@field from_environment? boolean

---@class dingbridge.Reading
---@field environ table<string, string?>
---@field held table<string, string> what `env` adds to it
---@field unread boolean whether there is a file that may add more
---@field trusts_all? boolean whether a webhook may stand anywhere
---@field problems table<string, true>
---@field origins table<string, true>
local Reading = {}
Reading.__index = Reading

---@param path string
---@param sentence string
---@param ... string
function Reading:say(path, sentence, ...)
  self.problems[path .. ': ' .. declared.sentences[sentence]:format(...)] = true
end

---@param text string
---@return string
function M.stripped(text)
  return (text:gsub('^[' .. SPACE .. ']+', ''):gsub('[' .. SPACE .. ']+$', ''))
end

---@param value any
---@return boolean
function M.is_given(value)
  return value ~= nil and value ~= vim.NIL
end

--- Whether `value` has positions rather than names; an empty table counts as either.
---@param value any
---@return boolean
function M.is_list(value)
  return type(value) == 'table' and (next(value) == nil or vim.islist(value))
end

---@param value any
---@return string
function M.kind_of(value)
  if not M.is_given(value) then
    return 'nothing'
  end
  local kind = type(value)
  if kind == 'table' then
    return next(value) == nil and 'an empty table' or M.is_list(value) and 'a list' or 'a table'
  end
  local names =
    { boolean = 'true or false', number = 'a number', string = 'text', ['function'] = 'a function' }
  return names[kind] or 'something else'
end

--- `path.key`, unless the key is no name at all: it may be a value in the wrong place.
---@param path string
---@param key string
---@return string
function M.join(path, key)
  if #key <= LONGEST_KEY and key:find('^[%w_.\128-\255-]+$') then
    return path .. '.' .. key
  end
  return path .. '[...]'
end

--- The same for a conversation id, which may hold `+`, `/` and `=`.
---@param path string
---@param key string
---@return string
function M.join_conversation(path, key)
  if #key <= LONGEST_KEY and (key == '*' or key:find('^[%w+/=_-]+$')) then
    return ("%s['%s']"):format(path, key)
  end
  return path .. '[...]'
end

--- Whether `value` is a table with names, or an empty one.
---@param value any
---@return boolean
function M.is_named(value)
  return type(value) == 'table' and (next(value) == nil or not M.is_list(value))
end

--- Whether a table's `type` names our platform, as the settings of other gateways do.
---@param reading dingbridge.Reading
---@param kind any
---@param path string
---@return boolean
function M.is_ours(reading, kind, path)
  local platform = declared.platforms[1]
  if type(kind) ~= 'string' then
    reading:say(path, 'expected', ("'%s'"):format(platform), M.kind_of(kind))
  elseif M.stripped(kind) ~= platform then
    reading:say(path, 'type')
  else
    return true
  end
  return false
end

--- The known name nearest to `key`, or nil.
---@param key string
---@param known string[]
---@return string?
function M.near(key, known)
  return #key <= LONGEST_KEY and require('dingbridge.options.nearest')(key, known) or nil
end

---@param path string
---@param key string
---@param known string[]
function Reading:unknown(path, key, known)
  local near = M.near(key, known)
  if near then
    self:say(path, 'unknown_near', near)
  else
    self:say(path, 'unknown')
  end
end

--- Calls `each` with every named entry of `value`.
---@param value any
---@param path string
---@param expects string
---@param each fun(key: string, value: any)
function Reading:entries(value, path, expects, each)
  if not M.is_given(value) then
    return
  end
  if not M.is_named(value) then
    self:say(path, 'expected', expects, M.kind_of(value))
    return
  end
  for key, entry in pairs(value) do
    if type(key) == 'string' then
      each(key, entry)
    else
      self:say(path, 'unnamed')
    end
  end
end

--- What a variable of the environment, or of `env`, holds; nil when it is not set or blank.
---@param name string
---@return string? text
---@return string? place what follows `$NAME` to say where it is
function Reading:look_up(name)
  local text = M.stripped(self.environ[name] or '')
  if text ~= '' then
    return text, ''
  end
  text = M.stripped(self.held[name] or '')
  if text ~= '' then
    return text, ' in env'
  end
end

---@param text string
---@return boolean
function M.is_placeholder(text)
  local lower = text:lower()
  return declared.placeholders[(lower:gsub('-', '_'))] == true
    or lower:gsub('^ding', ''):find('^xxx+$') ~= nil
    or text:find('^<[%a _-]+>$') ~= nil
end

---@param option dingbridge.Option
---@param value any
---@param path string
---@param expects string
---@return string?
function Reading:text(option, value, path, expects)
  if type(value) ~= 'string' then
    self:say(path, 'expected', expects, M.kind_of(value))
    return nil
  end
  local text = M.stripped(value)
  if text == '' then
    self:say(path, 'empty')
  elseif (option.kind == 'text of several lines' and text:gsub('[\t\n\r]', '') or text):find('%c') then
    self:say(path, 'control')
  elseif option.belongs and M.is_placeholder(text) then
    self:say(path, 'placeholder', text, option.belongs)
  else
    return text
  end
end

--- The value, or what the environment holds for `$NAME` and `${NAME}`; and which it was.
---@param value any
---@param path string
---@return any value
---@return boolean replaced
function Reading:substituted(value, path)
  local text = type(value) == 'string' and M.stripped(value) or ''
  local name = text:match('^%$([%a_][%w_]*)$') or text:match('^%${([%a_][%w_]*)}$')
  if not name then
    return value, false
  end
  local held = self:look_up(name)
  if held then
    return held, true
  elseif self.unread then
    return M.UNKNOWN, true
  end
  self:say(path, 'variable', name)
  return nil, true
end

---@param option dingbridge.Option
---@param value any
---@param path string
---@param outside boolean whether the value is text of the environment
---@return boolean?
function Reading:flag(option, value, path, outside)
  if type(value) == 'boolean' then
    return value
  end
  if not (outside and type(value) == 'string') then
    self:say(path, 'expected', option.expects, M.kind_of(value))
    return nil
  end
  local truth = declared.truth[M.stripped(value):lower()]
  if truth == nil then
    self:say(path, 'must', option.expects)
  end
  return truth
end

---@param option dingbridge.Option
---@param value any
---@param path string
---@param outside boolean
---@return number?
function Reading:number(option, value, path, outside)
  if outside and type(value) == 'string' then
    local text = M.stripped(value)
    local whole, part = text:match('^(%d+)(.*)$')
    local fits = whole and #whole <= 12 and (part == '' or part:find('^%.%d%d?%d?%d?%d?%d?$'))
    value = fits and tonumber(text) or value
  end
  if type(value) ~= 'number' then
    self:say(path, 'expected', option.expects, M.kind_of(value))
    return nil
  end
  -- Written so that NaN, which is neither below nor above anything, is outside.
  local inside = value >= option.least and value <= option.most
  if not inside or (option.kind == 'whole number' and value ~= math.floor(value)) then
    self:say(path, 'must', option.expects)
    return nil
  end
  return value
end

---@param option dingbridge.Option
---@param value any
---@param path string
---@param outside boolean
---@return table? texts or `UNKNOWN`
function Reading:list(option, value, path, outside)
  local items = value
  if outside and type(value) == 'string' then
    items = vim.tbl_filter(function(item)
      return M.stripped(item) ~= ''
    end, vim.split(value, ',', { plain = true }))
  elseif not M.is_list(value) then
    self:say(path, 'expected', option.expects, M.kind_of(value))
    return nil
  end
  local texts, unknown = {}, 0
  for number, item in ipairs(items) do
    local here = ('%s[%d]'):format(path, number)
    local whole, replaced = self:substituted(item, here)
    if whole == M.UNKNOWN then
      unknown = unknown + 1
    elseif whole ~= nil or not replaced then
      local text = self:text(option, whole, here, M.ITEM)
      if text and option.kind ~= 'list of text' then
        text = require('dingbridge.options.tables').item(self, option, text, here)
      end
      texts[#texts + 1] = text
    end
  end
  if #texts + unknown < #items then
    return nil
  end
  return unknown > 0 and M.UNKNOWN or texts
end

---@param option dingbridge.Option
---@param given dingbridge.Given
---@return any value nil with a problem noted when it cannot be used
function Reading:value(option, given)
  local kind, path, value, replaced = option.kind, given.path, given.value, false
  if NESTED[kind] then
    return require('dingbridge.options.tables')[NESTED[kind]](self, option, value, path)
  elseif option.by_command and type(value) == 'table' and value.cmd ~= nil then
    return require('dingbridge.options.tables').output(self, option, value, path)
  end
  value, replaced = self:substituted(value, path)
  if value == nil or value == M.UNKNOWN then
    return value
  end
  local outside = replaced or given.from_environment or false
  if LISTS[kind] then
    return self:list(option, value, path, outside)
  elseif kind == 'flag' then
    return self:flag(option, value, path, outside)
  elseif kind == 'number' or kind == 'whole number' then
    return self:number(option, value, path, outside)
  elseif (kind == 'key' or kind == 'sign') and value == false then
    return ''
  end
  local text = self:text(option, value, path, option.expects)
  if not text then
    return nil
  elseif kind == 'choice' and not vim.tbl_contains(option.choices, text) then
    self:say(path, 'must', option.expects)
    return nil
  elseif kind == 'webhook address' then
    return require('dingbridge.options.addresses').webhook(self, option, text, path)
  elseif kind == 'address' or kind == 'proxy address' then
    return require('dingbridge.options.addresses').plain(self, option, text, path)
  end
  return text
end

--- Sorts places by their path, for a table of Lua has no order.
---@param places dingbridge.Given[]
function M.sort(places)
  table.sort(places, function(a, b)
    return a.path < b.path
  end)
end

--- The value that all places give, or nil when none gives a usable one.
---@param option dingbridge.Option
---@param places? dingbridge.Given[] sorted by path
---@return any
function Reading:agreed(option, places)
  local first, agreed
  for _, given in ipairs(places or {}) do
    local value = self:value(option, given)
    if value ~= nil then
      if not first then
        first, agreed = given, value
      elseif value ~= M.UNKNOWN and agreed ~= M.UNKNOWN and not vim.deep_equal(value, agreed) then
        self:say(given.path, 'differs', first.path)
      end
    end
  end
  return agreed
end

--- A pass over one table, with nothing found yet.
---@param environ table<string, string?>
---@return dingbridge.Reading
function M.reading(environ)
  local fields = { environ = environ, held = {}, unread = false, problems = {}, origins = {} }
  return setmetatable(fields, Reading)
end

--- The same pass for another account, which trusts no address yet.
---@return dingbridge.Reading
function Reading:anew()
  local fresh = M.reading(self.environ)
  fresh.held, fresh.unread, fresh.problems = self.held, self.unread, self.problems
  return fresh
end

return M
