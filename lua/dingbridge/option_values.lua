--- Checks values in the table given to `setup()`: types, shapes and placeholders. Python checks what
--- they mean, and the values of variables (`dingbridge/core/options/values.py`).

local generated = require('dingbridge.generated')
local say = require('dingbridge.say')
local texts = require('dingbridge.option_texts')

local LONGEST_KEY = 60 -- bytes; a longer key is neither shown nor compared
local TYPES = { flag = 'boolean', number = 'number', ['whole number'] = 'number' } -- any other is text
local NAMES = { boolean = 'true_or_false', number = 'a_number', string = 'some_text' } -- of sentences
local MAY_BE_OFF = { key = true, sign = true, ['hours of the day'] = true }
local TOKEN = '^https://oapi%.dingtalk%.com/robot/send%?access_token=([^&#%s]+)$' -- of a webhook

--- The problems found. Sentences contain names, paths and placeholders, never a value.
---@class dingbridge.Check
---@field sentences table<string, true>
local Check = {}
Check.__index = Check

---@param value any
---@return boolean
function Check.is_given(value)
  return value ~= nil and value ~= vim.NIL
end

--- Whether `value` is a list; an empty table counts as list and map.
---@param value any
---@return boolean
local function is_list(value)
  return type(value) == 'table' and (next(value) == nil or vim.islist(value))
end

--- Whether the table's only entry has that name.
---@param value table
---@param name string
---@return boolean
local function has_only(value, name)
  return next(value) == name and next(value, name) == nil
end

--- Whether it is a function or its marker.
---@param value any
---@return boolean
local function is_function(value)
  local is_marker = type(value) == 'table' and has_only(value, 'lua') and value.lua == true
  return type(value) == 'function' or is_marker
end

--- The name of a value's kind, for a sentence.
---@param value any
---@return string
local function kind_of(value)
  if is_function(value) then
    return say('a_function')
  elseif type(value) == 'table' then
    return say(next(value) == nil and 'empty_table' or is_list(value) and 'a_list' or 'a_table')
  end
  return say(Check.is_given(value) and (NAMES[type(value)] or 'something_else') or 'no_value')
end

--- The valid values in words, to follow "expected" or "must be".
---@param what dingbridge.Option|string an option, or the name of the sentence that says it
---@return string
local function expects(what)
  if type(what) == 'string' then
    return say(what)
  elseif not what.choices then
    return say(generated.expects[what.kind], { least = what.least, most = what.most })
  end
  local words
  for _, choice in ipairs(what.choices) do
    local quoted = say('choice', { choice = choice })
    words = words and say('either', { first = words, other = quoted }) or quoted
  end
  return words
end

---@param text string
---@return string
function Check.stripped(text)
  return text:match('^[ \t\r\n\v\f]*(.-)[ \t\r\n\v\f]*$')
end

--- The variable in a value: `'$NAME'` or `'${NAME}'`.
---@param value any
---@return string?
function Check.variable(value)
  local text = type(value) == 'string' and Check.stripped(value) or ''
  return text:match('^%$([%a_][%w_]*)$') or text:match('^%${([%a_][%w_]*)}$')
end

--- `path.key`, or `key` without a path; `path[...]` if the key is not a name, because it may be a misplaced value.
---@param path string
---@param key string
---@return string
function Check.join(path, key)
  local is_name = #key <= LONGEST_KEY and key:find('^[%w_.\128-\255-]+$')
  return path .. (is_name and (path == '' and '' or '.') .. key or '[...]')
end

--- The same for a conversation id, which may contain `+`, `/` and `=`.
---@param path string
---@param key string
---@return string
local function join_conversation(path, key)
  local is_id = #key <= LONGEST_KEY and (key == '*' or key:find('^[%w+/=_-]+$'))
  return path .. (is_id and ("['%s']"):format(key) or '[...]')
end

---@param path string
---@param sentence string
function Check:add(path, sentence)
  self.sentences[(path == '' and 'setup()' or path) .. ': ' .. sentence] = true
end

---@param path string
---@param what dingbridge.Option|string what it must be
---@param value any
function Check:expected(path, what, value)
  self:add(path, say('expected', { expected = expects(what), found = kind_of(value) }))
end

---@param key string
---@param known string[]
---@return string? near
function Check.near(key, known)
  return #key <= LONGEST_KEY and require('dingbridge.nearest')(key, known) or nil
end

---@param path string
---@param key string
---@param known string[]
function Check:unknown(path, key, known)
  local near = Check.near(key, known)
  self:add(path, near and say('unknown_option_near', { near = near }) or say('unknown_option'))
end

--- Calls `each` with every named entry of `value`.
---@param value any
---@param path string
---@param what dingbridge.Option|string what `value` must be
---@param each fun(key: string, value: any)
function Check:entries(value, path, what, each)
  if not Check.is_given(value) then
    return
  elseif type(value) ~= 'table' or is_function(value) or (is_list(value) and next(value) ~= nil) then
    self:expected(path, what, value)
    return
  end
  for key, entry in pairs(value) do
    if type(key) == 'string' then
      each(key, entry)
    else
      self:add(path, say('entry_unnamed'))
    end
  end
end

---@param option dingbridge.Option
---@param value string
---@param path string
---@return boolean fits
function Check:text(option, value, path)
  local text = Check.stripped(value)
  local shown = option.kind == 'webhook address' and text:match(TOKEN) or text
  if text == '' then
    self:add(path, say('is_empty'))
  elseif (option.kind == 'text of several lines' and text:gsub('[\t\n\r]', '') or text):find('%c') then
    self:add(path, say('control_character'))
  elseif option.belongs and texts.is_placeholder(shown) then
    self:add(path, say('is_placeholder', { text = shown, belongs = say(option.belongs) }))
  elseif not texts.fits(option, text) then
    local near = Check.near(text, option.choices or {})
    local sentence = near and 'must_be_near' or 'must_be'
    self:add(path, say(sentence, { expected = expects(option), near = near }))
  else
    return true
  end
  return false
end

--- Checks a list of texts. `each` is called with each text.
---@param value any
---@param path string
---@param each fun(item: string, path: string)
function Check:items(value, path, each)
  for number, item in ipairs(value) do
    local here = ('%s[%d]'):format(path, number)
    if type(item) == 'string' then
      each(item, here)
    else
      self:expected(here, 'text_in_quotes', item)
    end
  end
end

--- A program and its arguments.
---@param value any
---@param path string
---@param what dingbridge.Option|string what it must be
function Check:program(value, path, what)
  if not is_list(value) or #value == 0 then
    self:expected(path, what, value)
    return
  end
  self:items(value, path, function(word, here)
    if vim.endswith(here, '[1]') and Check.stripped(word) == '' then
      self:add(here, say('is_empty'))
    elseif word:find('\0', 1, true) then
      self:add(here, say('control_character'))
    end
  end)
end

--- Checks of values that are tables, by kind.
---@type table<string, fun(check: dingbridge.Check, option: dingbridge.Option, value: any, path: string)>
local NESTED = {
  responder = function(check, option, value, path)
    if not is_function(value) then
      check:program(value, path, option)
    end
  end,
  agent = function(...) require('dingbridge.agent_option')(...) end,
  ['programs by name'] = function(check, option, value, path)
    check:entries(value, path, option, function(name, words)
      local here = Check.join(path, name)
      if name == '' or name:find('[ \t\r\n\v\f]') then
        check:add(here, say('program_name'))
      elseif Check.is_given(words) then
        check:program(words, here, 'program_with_arguments')
      end
    end)
  end,
  ['settings of conversations'] = function(check, option, value, path)
    check:entries(value, path, option, function(id, group)
      local here = join_conversation(path, id)
      if Check.is_given(group) and check:text(option, id, here) then
        check:entries(group, here, 'table_of_options', function(key, entry)
          local below, name = Check.join(here, key), generated.group_spellings[key]
          if not name then
            check:unknown(below, key, vim.tbl_keys(generated.group_spellings))
          elseif Check.is_given(entry) then
            check:value(generated.group_options[name], entry, below)
          end
        end)
      end
    end)
  end,
  ['keys by name'] = function(check, option, value, path)
    require('dingbridge.key_options')(check, option, value, path)
  end,
  variables = function(check, option, value, path)
    check:entries(value, path, option, function(name, text)
      if Check.is_given(text) and type(text) ~= 'string' then
        check:expected(Check.join(path, name), 'text_in_quotes', text)
      end
    end)
  end,
}

---@param option dingbridge.Option
---@param value any given
---@param path string
function Check:value(option, value, path)
  if NESTED[option.kind] then
    NESTED[option.kind](self, option, value, path)
  elseif option.by_command and type(value) == 'table' and value.cmd ~= nil then
    if has_only(value, 'cmd') then
      self:program(value.cmd, path .. '.cmd', 'program_with_arguments')
    else
      self:expected(path, option, value)
    end
  elseif Check.variable(value) or (value == false and MAY_BE_OFF[option.kind]) then
    return
  elseif vim.startswith(option.kind, 'list of ') and is_list(value) then
    self:items(value, path, function(item, here)
      return Check.variable(item) or self:text(option, item, here)
    end)
  elseif vim.startswith(option.kind, 'list of ') or type(value) ~= (TYPES[option.kind] or 'string') then
    self:expected(path, option, value)
  elseif type(value) == 'string' then
    self:text(option, value, path)
  elseif option.least then
    -- Written so that NaN is out of range.
    local is_inside = value >= option.least and value <= option.most
    if not is_inside or (option.kind == 'whole number' and value ~= math.floor(value)) then
      self:add(path, say('must_be', { expected = expects(option) }))
    end
  end
end

return Check
