--- What the user has not seen yet: counts by session, and what was seen, which is reported to the
--- service.
---
---   unread --the end of the session is on the screen of a focused editor--> read

local bars = require('dingbridge.bars')
local chat_window = require('dingbridge.chat_window')
local focus = require('dingbridge.focus')
local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local unread_line = require('dingbridge.unread_line')
local windows = require('dingbridge.windows')

local M = {}

local REPORTS_AFTER = 250 -- milliseconds in which what is read comes together

---@class dingbridge.Unread
---@field count integer
---@field since string id of the first unread message
---@field is_below boolean whether they are below what a window shows

---@type table<string, boolean> sessions that were opened with unread messages, until these have a line
local opened = {}
---@type table<string, string> by session: id of the last message seen, not reported yet
local seen = {}
---@type table<string, string> by session: id of the last message that was reported, or is about to be
local read_to = {}
local drawn = '' -- the counts that the bars show
local is_due = false

--- Whether a window shows the end of a transcript, whose last line is empty.
---@param buffer integer
---@param window integer
---@return boolean
local function shows_end(buffer, window)
  vim.fn.line('w0', window) -- makes Neovim scroll to the cursor first
  return vim.fn.line('w$', window) >= vim.api.nvim_buf_line_count(buffer) - 1
end

--- The last message of others in a session.
---@param session string
---@return string|nil id
local function last_of_others(session)
  local list = state.transcripts[session].list
  for place = #list, 1, -1 do
    if list[place].role == 'dingtalk' or list[place].role == 'responder' then
      return list[place].id
    end
  end
end

--- Reports soon what was seen of a session.
---@param session string
---@param message string id of the last one
local function report(session, message)
  if not seen[session] then
    vim.defer_fn(function()
      local host = require('dingbridge.host')
      if host.is_running() then
        host.tell('read', { session = session, message = seen[session] })
      end
      seen[session] = nil
    end, REPORTS_AFTER)
  end
  seen[session], read_to[session] = message, message
end

--- Whether the service had not heard yet, when it counted, what was seen of a session.
---@param session string
---@param unread dingbridge.Unread
---@return boolean
local function is_outdated(session, unread)
  local last = read_to[session]
  if not last then
    return false
  end
  local _, row = chat_window.row_of(session, unread.since)
  local _, row_of_last = chat_window.row_of(session, last)
  return row <= row_of_last
end

--- Looks whether the user sees the end of a session. If not, marks what is unread in it.
---@param session string
---@param unread dingbridge.Unread
local function look_at(session, unread)
  local buffer = chat_window.buffer_of(session)
  if not buffer or not chat_window.has_end(session) or not state.message(session, unread.since) then
    return -- more comes
  end
  local showing = windows.of(buffer)
  local at_end = vim.tbl_filter(function(window)
    return shows_end(buffer, window)
  end, showing)
  local is_looking = focus.is_here and #vim.api.nvim_list_uis() > 0
  if not (at_end[1] and is_looking) or opened[session] then
    unread_line.mark(session, unread)
    local comes_back = opened[session] or not focus.is_here
    if comes_back and not is_outdated(session, unread) then
      -- More than fits is shown from its beginning.
      at_end = vim.tbl_filter(function(window)
        return not unread_line.scroll_to(session, window)
      end, at_end)
    end
  end
  unread.is_below = showing[1] ~= nil and not at_end[1]
  local is_seen = at_end[1] ~= nil and is_looking
  opened[session] = nil
  if is_seen then
    state.unread[session] = nil
    report(session, last_of_others(session) or unread.since)
  end
end

--- Brings lines and bars up to date with what is on the screen.
function M.look()
  for session, unread in pairs(state.unread) do
    look_at(session, unread)
  end
  unread_line.draw()
  local counts = {}
  for session, unread in pairs(state.unread) do
    counts[#counts + 1] = ('%s %d %s'):format(session, unread.count, unread.is_below)
  end
  table.sort(counts)
  local now = table.concat(counts, '\n')
  if now ~= drawn then
    drawn = now
    bars.refresh()
  end
end

--- The same, once the present event was handled.
function M.look_soon()
  if not is_due and (next(state.unread) or unread_line.is_any()) then
    is_due = true
    vim.schedule(function()
      is_due = false
      M.look()
    end)
  end
end

--- Takes the counts of the service.
---@param list { session: string, count: integer, since: string }[]
function M.update(list)
  local before = state.unread
  state.unread = {}
  for _, one in ipairs(list) do
    local was = before[one.session]
    state.unread[one.session] =
      { count = one.count, since = one.since, is_below = was ~= nil and was.is_below }
  end
  M.look()
end

--- Handles that the user opens a session.
---@param session string
function M.opened(session)
  opened[session] = state.unread[session] ~= nil or nil
  M.look_soon()
end

--- What is unread in other sessions, in words; the longest wording first.
---@param session string
---@return string[] empty if nothing is
local function elsewhere(session)
  local count, titles = 0, {}
  for _, one in ipairs(state.sessions) do
    local unread = one.id ~= session and state.unread[one.id]
    if unread then
      count = count + unread.count
      titles[#titles + 1] = message_format.one_line(one.title)
    end
  end
  if count == 0 then
    return {}
  end
  local where = titles[2] and say('unread_in_several', { count = count, sessions = #titles })
    or say('unread_in', { count = count, title = titles[1] })
  return { where, say('unread_elsewhere', { count = count }) }
end

--- What is unread, for a bar of a session: in it, and in the others.
---@param session string
---@param columns integer that there are
---@param key? string that goes to what is below; nil for a draft, which has a bar of its transcript above
---@return string words as many as fit; empty if nothing is unread
function M.words(session, columns, key)
  local here, wordings = state.unread[session], elsewhere(session)
  if here and (key or here.is_below) then
    local name = here.is_below and (key and 'unread_below_key' or 'unread_below') or 'unread_new'
    local words = say(name, { count = here.count, key = key })
    wordings = vim.tbl_map(function(others)
      return words .. ' · ' .. others
    end, wordings)
    wordings[#wordings + 1] = words
  end
  if wordings[1] then
    wordings[#wordings + 1] = say('unread_new', { count = state.count_unread() })
  end
  for _, words in ipairs(wordings) do
    if vim.api.nvim_strwidth(words) <= columns then
      return words
    end
  end
  return ''
end

local group = vim.api.nvim_create_augroup('dingbridge_unread', {})
vim.api.nvim_create_autocmd({
  'FocusGained',
  'VimResume',
  'UIEnter',
  'WinScrolled',
  'WinResized',
  'BufWinEnter',
  'TabEnter',
}, { group = group, callback = M.look_soon })
vim.api.nvim_create_autocmd('FocusLost', {
  group = group,
  callback = function()
    unread_line.left(true)
  end,
})
vim.api.nvim_create_autocmd({ 'WinClosed', 'BufWinLeave', 'TabLeave' }, {
  group = group,
  callback = function()
    -- The window is still there.
    vim.schedule(function()
      unread_line.left(false)
    end)
  end,
})

return M
