--- The language of what the user reads: the option `language`, or the locale (`core/catalogue/language.py`).

local M = {}

local FILES = { en = 'dingbridge.english', zh = 'dingbridge.chinese' }
local UNTRANSLATED = { text = {}, meanings = {} } ---@type dingbridge.Translation

---@return 'auto'|'en'|'zh'
local function of_environment()
  for _, name in ipairs({ 'LC_ALL', 'LC_MESSAGES', 'LANG' }) do
    local given = vim.env[name]
    if given and given ~= '' then
      return vim.startswith(given, 'zh') and 'zh' or 'auto'
    end
  end
  return 'auto'
end

---@return dingbridge.Translation
local function translation()
  local language = require('dingbridge').language()
  local file = FILES[language == 'auto' and of_environment() or language]
  return file and require(file) or UNTRANSLATED
end

--- The translated sentences by name; the others are said as the catalogue has them.
---@return table<string, string>
function M.texts()
  return translation().text
end

--- What a declared command or key does.
---@param kind 'commands'|'keys' `commands`: those that are typed in DingTalk
---@param name string
---@param meaning string as declared
---@return string
function M.meaning(kind, name, meaning)
  return (translation().meanings[kind] or {})[name] or meaning
end

--- The same without its full stop.
---@param kind 'commands'|'keys'
---@param name string
---@param meaning string
---@return string
function M.phrase(kind, name, meaning)
  return (M.meaning(kind, name, meaning):gsub('%.$', ''):gsub('。$', ''))
end

return M
