--- Completes in a draft: `@` and the people of its conversation, `/` at the start of a line and the
--- commands that people can send from DingTalk. Serves 'omnifunc' and the sources for completion
--- plugins.

local destination = require('dingbridge.destination')
local language = require('dingbridge.language')
local nick = require('dingbridge.nick')
local state = require('dingbridge.state')

local M = {}

local LATEST = 2000 -- messages in which people are looked for, so that it takes no time while typing
-- Kinds of items in the language server protocol. `vim.lsp` would take milliseconds to load.
local KEYWORD, REFERENCE = 14, 18

---@class dingbridge.Candidate
---@field word string to insert
---@field label string to show
---@field meaning string

--- The people who wrote in the conversation of the draft, the latest first; without one, in the session.
---@param session string
---@return string[]
local function people(session)
  local _, _, to = destination.state(session)
  local transcript = state.transcripts[session]
  local list = transcript and transcript.list or {}
  local names, is_known = {}, {}
  for place = #list, math.max(1, #list - LATEST), -1 do
    local message = list[place]
    local is_there = to.target == '' or message.target == to.target
    local name = message.role == 'dingtalk' and is_there and nick(message.author)
    if name and not is_known[name] then
      is_known[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

---@param session string
---@return dingbridge.Candidate[]
local function mentions(session)
  return vim.tbl_map(function(name)
    -- A mention ends at a space: Chinese text behind it would be taken for a part of the name.
    return { word = ('@%s '):format(name), label = '@' .. name, meaning = '' }
  end, people(session))
end

---@return dingbridge.Candidate[]
local function remote_commands()
  return vim.tbl_map(function(command)
    local word = command.form:match('^%S+')
    local meaning = language.meaning('commands', command.form, command.meaning)
    return { word = word, label = command.form, meaning = meaning }
  end, require('dingbridge.generated_chat').remote_commands)
end

--- What completes the text before the cursor.
---@param session string
---@param before string the line up to the cursor
---@return integer|nil start byte at which the words begin, zero-based; nil: there is nothing to complete
---@return dingbridge.Candidate[]
function M.candidates(session, before)
  local at = before:match('^.*()@[^%s@]*$')
  local is_mention = at and not before:sub(1, at - 1):find('[%w_.%%+/\\=&?#-]$')
  if is_mention then
    return at - 1, mentions(session)
  elseif before:find('^/%w*$') then
    return 0, remote_commands()
  end
  return nil, {}
end

---@param lead string
---@param found dingbridge.Candidate[]
---@return dingbridge.Candidate[]
local function beginning_with(lead, found)
  return vim.tbl_filter(function(one)
    return vim.startswith(one.word:lower(), lead:lower())
  end, found)
end

--- The 'omnifunc' of a draft; see |complete-functions|.
---@param findstart 0|1
---@param base string
---@return integer|table[]
function M.omnifunc(findstart, base)
  local session = vim.b.dingbridge_session
  if findstart == 1 then
    local column = vim.api.nvim_win_get_cursor(0)[2]
    local start = M.candidates(session, vim.api.nvim_get_current_line():sub(1, column))
    return start or -3
  end
  local _, found = M.candidates(session, base)
  return vim.tbl_map(function(one)
    return { word = one.word, abbr = one.label, menu = one.meaning }
  end, beginning_with(base, found))
end

--- Candidates as items of the language server protocol, for completion plugins.
---@param session string
---@param before string the line up to the cursor
---@param row integer zero-based
---@return table[]
function M.items(session, before, row)
  local start, found = M.candidates(session, before)
  return vim.tbl_map(function(one)
    local range = { start = { line = row, character = start }, ['end'] = { line = row, character = #before } }
    return {
      label = one.label,
      filterText = one.word,
      detail = one.meaning ~= '' and one.meaning or nil,
      kind = vim.startswith(one.word, '@') and REFERENCE or KEYWORD,
      textEdit = { newText = one.word, range = range },
    }
  end, found)
end

return M
