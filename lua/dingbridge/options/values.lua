--- Reads the value of one option by its kind; the twin of `core/values.py`.

local addresses = require('dingbridge.options.addresses')
local declared = require('dingbridge.declared')

local M = {}

local SPACE = ' \t\r\n\v\f'
local ITEM = 'text in quotes'

---@class dingbridge.Given one place where an option has a value
---@field path string
---@field value any
---@field from_environment? boolean

---@class dingbridge.Reading
---@field environ table<string, string?>
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

---@param text string
---@return boolean
local function is_placeholder(text)
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
  elseif text:find('%c') then
    self:say(path, 'control')
  elseif option.belongs and is_placeholder(text) then
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
  local held = M.stripped(self.environ[name] or '')
  if held == '' then
    self:say(path, 'variable', name)
    return nil, true
  end
  return held, true
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
---@return string[]?
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
  local texts = {}
  for number, item in ipairs(items) do
    local here = ('%s[%d]'):format(path, number)
    local whole, replaced = self:substituted(item, here)
    if whole ~= nil or not replaced then
      texts[#texts + 1] = self:text(option, whole, here, ITEM)
    end
  end
  return #texts == #items and texts or nil
end

--- A command's words are passed as they are: `$NAME` in them is the program's business.
---@param option dingbridge.Option
---@param value any
---@param path string
---@return 'lua'|string[]|nil
function Reading:responder(option, value, path)
  if type(value) == 'function' then
    return 'lua'
  end
  if type(value) == 'table' and value.lua == true and next(value, next(value)) == nil then
    return 'lua'
  end
  if not M.is_list(value) or #value == 0 then
    self:say(path, 'expected', option.expects, M.kind_of(value))
    return nil
  end
  local words = {}
  for number, word in ipairs(value) do
    local here = ('%s[%d]'):format(path, number)
    if type(word) ~= 'string' then
      self:say(here, 'expected', ITEM, M.kind_of(word))
    elseif number == 1 and M.stripped(word) == '' then
      self:say(here, 'empty')
    elseif word:find('\0', 1, true) then
      self:say(here, 'control')
    else
      words[#words + 1] = word
    end
  end
  return #words == #value and words or nil
end

---@param option dingbridge.Option
---@param text string
---@param path string
---@return string?
function Reading:address(option, text, path)
  local address = addresses.read(text)
  local fits = address and address.query == '' and address.fragment == ''
  if address and option.kind == 'proxy address' then
    fits = fits and address.scheme == 'http' and (address.path == '' or address.path == '/')
  elseif address then
    local trusted = address.scheme == 'https' or addresses.is_loopback(address.host)
    fits = fits and trusted and not address.user
  end
  if not fits then
    self:say(path, 'must', option.expects)
    return nil
  end
  return (text:gsub('/+$', ''))
end

--- Only a robot's address at DingTalk, or at an endpoint that the user trusts anyway.
---@param option dingbridge.Option
---@param text string
---@param path string
---@return string?
function Reading:webhook(option, text, path)
  local address = addresses.read(text)
  if not address or address.fragment ~= '' or address.user then
    self:say(path, 'must', option.expects)
    return nil
  end
  local token
  for _, pair in ipairs(vim.split(address.query:sub(2), '&', { plain = true })) do
    token = token or pair:match('^access_token=(.*)$') or (pair == 'access_token' and '' or nil)
  end
  if not self.origins[addresses.origin(address)] then
    if address.scheme ~= 'https' then
      return self:say(path, 'https')
    elseif not addresses.is_under(address.host, declared.domains) then
      return self:say(path, 'host', address.host)
    end
  end
  if address.path ~= '/robot/send' then
    return self:say(path, 'path')
  elseif not token or token == '' then
    return self:say(path, 'token')
  elseif is_placeholder(token) then
    return self:say(path, 'placeholder', token, option.belongs)
  end
  return text
end

---@param option dingbridge.Option
---@param given dingbridge.Given
---@return any value nil with a problem noted when it cannot be used
function Reading:value(option, given)
  local kind, path = option.kind, given.path
  if kind == 'responder' then
    return self:responder(option, given.value, path)
  end
  local value, replaced = self:substituted(given.value, path)
  if value == nil then
    return nil
  end
  local outside = replaced or given.from_environment or false
  if kind == 'list of text' then
    return self:list(option, value, path, outside)
  elseif kind == 'flag' then
    return self:flag(option, value, path, outside)
  elseif kind == 'number' or kind == 'whole number' then
    return self:number(option, value, path, outside)
  elseif kind == 'key' and value == false then
    return ''
  end
  local text = self:text(option, value, path, option.expects)
  if not text then
    return nil
  elseif kind == 'choice' and not vim.tbl_contains(option.choices, text) then
    self:say(path, 'must', option.expects)
    return nil
  elseif kind == 'webhook address' then
    return self:webhook(option, text, path)
  elseif kind == 'address' or kind == 'proxy address' then
    return self:address(option, text, path)
  end
  return text
end

--- A pass over one table, with nothing found yet.
---@param environ table<string, string?>
---@return dingbridge.Reading
function M.reading(environ)
  return setmetatable({ environ = environ, problems = {}, origins = {} }, Reading)
end

--- Lets a webhook stand on the same host as `endpoint`, a sandbox on this machine say.
---@param endpoint string
function Reading:trust(endpoint)
  local address = addresses.read(endpoint)
  if address then
    self.origins[addresses.origin(address)] = true
  end
end

return M
