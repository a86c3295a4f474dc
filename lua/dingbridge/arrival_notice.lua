--- One quiet notice for messages that arrived where the user does not see them.

local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local GATHERS = 500 -- milliseconds in which a burst comes together, and another editor reports it read
local APART = 5000 -- milliseconds between two notices, at least
local WIDEST = 80 -- columns of the text, at most
local LOOKED_AT = 1000 -- bytes of a message; the patterns for signs take quadratic time

---@class dingbridge.Arrived
---@field session string
---@field message string id

local arrived = {} ---@type dingbridge.Arrived[] not announced yet
local shown_at = -math.huge -- milliseconds of `vim.uv.now()`

---@param session string
---@return boolean
local function is_on_screen(session)
  local buffer = require('dingbridge.chat_window').buffer_of(session)
  return buffer ~= nil and require('dingbridge.windows').of(buffer)[1] ~= nil
end

--- The first line of a text that is no quote; the first one if all are.
---@param text string
---@return string
local function first_line(text)
  for line in vim.gsplit(text, '\n', { plain = true }) do
    if line:find('%S') and not line:find('^%s*>') then
      return vim.trim(line)
    end
  end
  return vim.trim(text):match('^[^\n]*')
end

--- The beginning of a message on one line, without the addresses of its links and the signs of bold
--- text.
---@param message dingbridge.Message
---@return string
local function beginning(message)
  local format = require('dingbridge.message_format')
  local text = first_line(message.text)
  if #text > LOOKED_AT then
    text = text:sub(1, LOOKED_AT + vim.str_utf_end(text, LOOKED_AT))
  end
  text = text:gsub('%[([^%]]*)%]%([^)]*%)', '%1'):gsub('%*%*(.-)%*%*', '%1')
  text = format.one_line(text)
  local cut = vim.fn.strcharpart(text, 0, WIDEST)
  while vim.api.nvim_strwidth(cut) > WIDEST do
    cut = vim.fn.strcharpart(cut, 0, vim.fn.strchars(cut) - 1)
  end
  return cut == text and text or cut .. '…'
end

--- The ids of a session's unread messages, as a set.
---@param session string
---@return table<string, true>
local function unread_in(session)
  local unread, found = state.unread[session], {}
  local list = unread and state.transcripts[session] and state.transcripts[session].list or {}
  for place = #list, 1, -1 do
    found[list[place].id] = true
    if list[place].id == unread.since then
      break
    end
  end
  return found
end

local function show()
  local first, count, unread = nil, 0, {}
  for _, one in ipairs(arrived) do
    local message = state.message(one.session, one.message)
    unread[one.session] = unread[one.session] or unread_in(one.session)
    -- What was seen meanwhile, here or in another editor, needs no notice.
    if message and unread[one.session][one.message] and not is_on_screen(one.session) then
      first, count = first or message, count + 1
    end
  end
  arrived = {}
  if first then
    shown_at = vim.uv.now()
    local who = require('dingbridge.message_format').one_line(first.author)
    local parts = { who = who, text = beginning(first), more = count - 1 }
    notice.show(say(count > 1 and 'arrived_more' or 'arrived', parts))
  end
end

--- Announces messages soon, together with what follows at once.
---@param list dingbridge.Arrived[]
function M.add(list)
  local hidden = vim.tbl_filter(function(one)
    return not is_on_screen(one.session)
  end, list)
  if hidden[1] and not arrived[1] then
    vim.defer_fn(show, math.max(GATHERS, shown_at + APART - vim.uv.now()))
  end
  vim.list_extend(arrived, hidden)
end

return M
