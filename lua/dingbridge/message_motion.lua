--- Moves the cursor of a transcript from message to message.

local message_format = require('dingbridge.message_format')
local message_rows = require('dingbridge.message_rows')

local M = {}

---@param row integer zero-based
local function go(row)
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { row + 1, 0 })
end

--- Goes to the heading of the next message, or of a later one with a count.
function M.next()
  local below = { vim.api.nvim_win_get_cursor(0)[1], 0 }
  local limit = { limit = vim.v.count1 }
  local marks = vim.api.nvim_buf_get_extmarks(0, message_format.namespace, below, -1, limit)
  if marks[1] then
    go(marks[#marks][2])
  end
end

--- Goes to the heading of this message, from there to that of the one before.
function M.previous()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local found
  for _ = 1, vim.v.count1 do
    local mark = message_rows.mark_at(0, message_format.namespace, (found or row) - 1)
    if not mark then
      break
    end
    found = mark[2]
  end
  if found then
    go(found)
  end
end

return M
