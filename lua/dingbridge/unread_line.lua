--- The line above the first unread message of a session: `─── 3 new ───`.
---
---   none --unread messages that the user does not see--> shown --read, then written or left--> none

local chat_window = require('dingbridge.chat_window')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local windows = require('dingbridge.windows')

local M = {}

local RULE = ('─'):rep(3) -- on each side of the words

local namespace = vim.api.nvim_create_namespace('dingbridge_unread')

---@class dingbridge.UnreadLine
---@field since string id of the message below the line
---@field count integer
---@field extmark? integer nil while that message is not in the buffer
---@field drawn? integer the count that it shows

---@type table<string, dingbridge.UnreadLine> by session
local lines = {}

---@param session string
---@param line dingbridge.UnreadLine
local function draw(session, line)
  local buffer, row = chat_window.row_of(session, line.since)
  if not buffer then
    line.extmark = nil
    return
  end
  local at = line.extmark
    and vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, line.extmark, {})[1]
  if at == row and line.drawn == line.count then
    return
  end
  local words = ('%s %s %s'):format(RULE, say('unread_new', { count = line.count }), RULE)
  local decoration = { id = line.extmark, strict = false, undo_restore = false }
  if row == 0 then
    -- Neovim does not show lines above the first one.
    decoration.virt_text = { { '  ' .. words, 'DingbridgeUnread' } }
  else
    decoration.virt_lines = { { { words, 'DingbridgeUnread' } } }
    decoration.virt_lines_above = true
    decoration.virt_lines_leftcol = true
  end
  line.extmark = vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, decoration)
  line.drawn = line.count
end

---@param session string
local function remove(session)
  local buffer = chat_window.buffer_of(session)
  if buffer then
    vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  end
  lines[session] = nil
end

--- Marks the first unread message of a session. The line shows with the next `draw`.
---@param session string
---@param unread dingbridge.Unread
function M.mark(session, unread)
  local line = lines[session]
  if line and line.since ~= unread.since then
    remove(session)
    line = nil
  end
  lines[session] = line or { since = unread.since, count = 0 }
  lines[session].count = unread.count
end

--- Scrolls a window back to the line of a session, if it is above what the window shows.
---@param session string
---@param window integer
---@return boolean scrolled
function M.scroll_to(session, window)
  local line = lines[session]
  draw(session, line)
  local _, row = chat_window.row_of(session, line.since)
  if not line.extmark or row + 1 >= vim.fn.line('w0', window) then
    return false
  end
  vim.api.nvim_win_call(window, function()
    vim.fn.winrestview({ topline = row + 1, topfill = math.min(row, 1), lnum = row + 1, col = 0 })
  end)
  return true
end

--- Draws all lines where their messages are now.
function M.draw()
  for session, line in pairs(lines) do
    draw(session, line)
  end
end

--- Whether a session has a line.
---@return boolean
function M.is_any()
  return next(lines) ~= nil
end

--- Removes the line of a session that was read.
---@param session string
function M.done(session)
  if lines[session] and not state.unread[session] then
    remove(session)
  end
end

--- Removes the lines of all sessions that were read, or only of those without a window.
---@param are_all boolean
function M.left(are_all)
  for session in pairs(lines) do
    local buffer = chat_window.buffer_of(session)
    if are_all or not buffer or not windows.of(buffer)[1] then
      M.done(session)
    end
  end
end

return M
