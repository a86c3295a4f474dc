--- Places the chat in windows, and sets their options.

local buffers = require('dingbridge.buffers')

local M = {}

local DRAFT_HEIGHT = 6

--- Options of a chat's windows, whatever the user's defaults are.
local OPTIONS = {
  winfixbuf = false,
  wrap = true,
  linebreak = true,
  list = false,
  number = false,
  relativenumber = false,
  signcolumn = 'no',
  statuscolumn = '',
  colorcolumn = '',
  foldcolumn = '0',
  foldenable = false,
  foldmethod = 'manual',
  rightleft = false,
  diff = false,
  scrollbind = false,
  cursorbind = false,
  previewwindow = false,
  -- Concealed text shows on the cursor's line.
  concealcursor = '',
  winbar = "%{%v:lua.require'dingbridge.chat_window'.bar()%}",
}
local TRANSCRIPT = { conceallevel = 2, spell = false, winfixheight = false }
local DRAFT = { conceallevel = 0, winfixheight = true }

---@param window integer
---@param own table<string, any>
local function dress(window, own)
  for option, value in pairs(vim.tbl_extend('error', OPTIONS, own)) do
    vim.api.nvim_set_option_value(option, value, { scope = 'local', win = window })
  end
end

--- Shows a buffer in a window, even if it was split from a window with 'winfixbuf'.
---@param window integer
---@param buffer integer
---@param own table<string, any>
local function put(window, buffer, own)
  if vim.api.nvim_win_get_buf(window) ~= buffer then
    vim.wo[window].winfixbuf = false
    vim.api.nvim_win_set_buf(window, buffer)
  end
  dress(window, own)
end

--- A window of this tab page that shows a chat and may show that buffer.
---@param buffer integer
---@param is_draft boolean
---@return integer|nil
local function window_for(buffer, is_draft)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local shown = vim.api.nvim_win_get_buf(window)
    local is_chat = buffers.of(shown) == (is_draft and 'draft' or 'transcript')
    if is_chat and (shown == buffer or not vim.wo[window].winfixbuf) then
      return window
    end
  end
end

--- Whether a window is empty, as at Neovim's start.
---@param window integer
---@return boolean
local function is_unused(window)
  local buffer = vim.api.nvim_win_get_buf(window)
  return vim.api.nvim_buf_get_name(buffer) == ''
    and not vim.bo[buffer].modified
    and vim.bo[buffer].buftype == ''
    and not vim.wo[window].winfixbuf
    and vim.api.nvim_win_get_config(window).relative == ''
end

---@param beside integer
---@param command string
---@return integer
local function split(beside, command)
  vim.api.nvim_set_current_win(beside)
  vim.cmd(command)
  return vim.api.nvim_get_current_win()
end

--- A window for the transcript: an existing one, an unused one, or a new one on the right.
---@param transcript integer
---@param draft integer|nil window of the draft
---@return integer
local function transcript_window(transcript, draft)
  local window = window_for(transcript, false)
  if window then
    return window
  elseif draft then
    return split(draft, 'aboveleft split')
  end
  local current = vim.api.nvim_get_current_win()
  return is_unused(current) and current or split(current, 'botright vsplit')
end

--- Shows the buffers of a chat, the draft below the transcript, and puts the cursor into the draft.
---@param transcript integer
---@param draft integer
---@return integer window of the transcript
---@return boolean is_new whether it showed something else before
function M.show(transcript, draft)
  local below = window_for(draft, true)
  local above = transcript_window(transcript, below)
  local is_new = vim.api.nvim_win_get_buf(above) ~= transcript
  put(above, transcript, TRANSCRIPT)
  below = below or split(above, 'belowright ' .. DRAFT_HEIGHT .. 'split')
  put(below, draft, DRAFT)
  vim.api.nvim_set_current_win(below)
  return above, is_new
end

return M
