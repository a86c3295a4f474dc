--- Where messages stand in the windows.

local by_id = require('dingbridge.by_id')
local chat_window = require('dingbridge.chat_window')
local message_format = require('dingbridge.message_format')
local message_rows = require('dingbridge.message_rows')
local state = require('dingbridge.state')

local M = {}

--- Whether a session's transcript is in a window of the current tab page.
---@param session string
---@return boolean
function M.is_shown(session)
  local view = chat_window.view_of(session)
  return view ~= nil and vim.fn.bufwinid(view.buffer) ~= -1
end

--- The row of a message's heading, with the buffer; nil when it is in no window.
---@param session string
---@param message string its id
---@return integer|nil row
---@return integer|nil buffer
function M.of(session, message)
  local buffer, row = chat_window.row_of(session, message)
  if buffer and M.is_shown(session) then
    return row, buffer
  end
end

--- The message under the cursor, in a transcript.
---@return string session
---@return dingbridge.Message|nil
function M.under_cursor()
  local session = vim.b.dingbridge_session or ''
  local view = chat_window.view_of(session)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local mark = view and message_rows.mark_at(view.buffer, message_format.namespace, row)
  local id = mark and view.ids[by_id.key(mark[1])]
  return session, id and state.message(session, id)
end

return M
