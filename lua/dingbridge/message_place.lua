--- Where messages stand in the windows.

local chat_window = require('dingbridge.chat_window')
local message_format = require('dingbridge.message_format')
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
  local at = { vim.api.nvim_win_get_cursor(0)[1] - 1, -1 }
  local mark = vim.api.nvim_buf_get_extmarks(0, message_format.namespace, at, 0, { limit = 1 })[1]
  for _, message in ipairs(view and mark and state.messages(session) or {}) do
    if view.marks[message.id] == mark[1] then
      return session, message
    end
  end
  return session, nil
end

return M
