--- Goes between the windows of a chat, and hides them.

local buffers = require('dingbridge.buffers')
local windows = require('dingbridge.windows')

local chat_window = require('dingbridge.lazily')('dingbridge.chat_window')

local M = {}

--- The windows of this tab page that show a buffer of a session, the current one first.
---@param session string
---@param part dingbridge.Part
---@return integer[]
local function windows_of(session, part)
  local buffer = buffers.get(session, part)
  return vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_buf(window) == buffer
  end, vim.api.nvim_tabpage_list_wins(0))
end

--- Goes to the draft, or from there to the transcript. Shows the chat if the other one is hidden.
---@param session string
function M.switch(session)
  local part = buffers.of(vim.api.nvim_get_current_buf())
  local other = part == 'draft' and 'transcript' or 'draft'
  if not windows_of(session, other)[1] then
    chat_window.open(session)
  end
  local window = windows_of(session, other)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  end
end

--- Goes to the draft and starts insert mode at the end of its line.
---@param session string
---@param is_at_end? boolean whether it goes to the draft's last line
function M.write(session, is_at_end)
  chat_window.open(session)
  if is_at_end then
    vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(0), 0 })
  end
  vim.cmd.startinsert({ bang = true })
end

--- Shows something else in the last window: the alternate file, or an empty buffer.
---@param window integer
local function show_other(window)
  local alternate = vim.fn.bufnr('#')
  local is_file = alternate > 0 and vim.bo[alternate].buflisted and windows.is_file(alternate)
  vim.wo[window].winfixbuf = false
  vim.api.nvim_win_set_buf(window, is_file and alternate or vim.api.nvim_create_buf(true, false))
end

--- Closes the windows of a chat in this tab page. Its buffers stay, and so does the last window of
--- Neovim, which shows something else then.
---@param session string
function M.hide(session)
  local chat = vim.list_extend(windows_of(session, 'draft'), windows_of(session, 'transcript'))
  local others = vim.tbl_filter(function(window)
    local floats = vim.api.nvim_win_get_config(window).relative ~= ''
    return not floats and not vim.tbl_contains(chat, window)
  end, vim.api.nvim_tabpage_list_wins(0))
  local previous = vim.fn.win_getid(vim.fn.winnr('#'))
  local goes_to = vim.tbl_contains(others, previous) and previous or others[1]
  if goes_to then
    vim.api.nvim_set_current_win(goes_to)
  elseif #vim.api.nvim_list_tabpages() == 1 then
    show_other(table.remove(chat))
  end
  for _, window in ipairs(chat) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
end

return M
