--- A placeholder window for a chat while host and service start. Text typed into it is moved to the
--- session's draft.

local buffers = require('dingbridge.buffers')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local chat_layout = require('dingbridge.chat_layout')

local M = {}

--- Shows the window.
function M.open()
  if buffers.get('', 'draft') then
    return
  end
  local transcript, draft = buffers.make('', 'transcript'), buffers.make('', 'draft')
  vim.bo[transcript].modifiable = false
  vim.bo[draft].buftype = 'acwrite'
  -- The destination is unknown until there is a session, so nothing can be sent before.
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = draft,
    callback = function()
      notice.show(say('not_there_yet'), 'warn')
    end,
  })
  chat_layout.show(transcript, draft)
end

--- The text typed so far, and the cursor; nil without a window.
---@return { lines: string[], cursor: integer[]|nil }|nil
function M.typed()
  local draft = buffers.get('', 'draft')
  if not draft then
    return nil
  end
  local window = vim.fn.win_findbuf(draft)[1]
  return {
    lines = vim.api.nvim_buf_get_lines(draft, 0, -1, false),
    cursor = window and vim.api.nvim_win_get_cursor(window),
  }
end

--- Whether the user is in the window, or there is none.
---@return boolean
function M.has_focus()
  local part, session = buffers.of(vim.api.nvim_get_current_buf())
  return not buffers.get('', 'draft') or (part ~= nil and session == '')
end

--- Removes the window, because the session is there.
function M.close()
  buffers.remove('', 'transcript')
  buffers.remove('', 'draft')
end

--- Handles that there will be no session: the typed text stays.
function M.give_up()
  local typed = M.typed()
  if typed and table.concat(typed.lines) == '' then
    M.close()
  end
end

return M
