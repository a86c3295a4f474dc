--- Places the chat in windows, and sets their options.

local buffers = require('dingbridge.buffers')
local lazily = require('dingbridge.lazily')
local draft_height = require('dingbridge.draft_height')
local windows = require('dingbridge.windows')

local chat_float = lazily('dingbridge.chat_float')

local M = {}

local SMALLEST = 10 -- columns or lines of a chat

---@alias dingbridge.Layout { layout: 'right'|'left'|'bottom'|'float'|'tab', width: number, height: number }

--- Options of a chat's windows, whatever the user's defaults are.
local OPTIONS = {
  winfixbuf = false,
  wrap = true,
  linebreak = true,
  smoothscroll = true, -- or nothing shows of a line that is higher than the window
  breakindent = true,
  breakindentopt = 'list:-1', -- below the text of a list's entry
  showbreak = '',
  list = false,
  number = false,
  relativenumber = false,
  signcolumn = 'yes:1', -- at headings; text of a message never reaches there
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
  winhighlight = 'WinBar:WinBarNC', -- whose colours say what matters in a bar; bold would as well
  -- Concealed text shows on the cursor's line.
  concealcursor = '',
  winbar = "%{%v:lua.require'dingbridge.chat_window'.bar()%}",
}
local TRANSCRIPT = { conceallevel = 2, spell = false, winfixheight = false }
local DRAFT = { conceallevel = 0, winfixheight = true }

---@param window integer
---@param own table<string, any>
local function dress(window, own)
  local drawn = { fillchars = windows.fillchars() }
  for option, value in pairs(vim.tbl_extend('error', OPTIONS, own, drawn)) do
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
    local part = buffers.of(shown) or buffers.restored(shown)
    local is_chat = part == (is_draft and 'draft' or 'transcript')
    if is_chat and (shown == buffer or not vim.wo[window].winfixbuf) then
      return window
    end
  end
end

---@param window integer
---@return boolean
local function floats(window)
  return vim.api.nvim_win_get_config(window).relative ~= ''
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
    and not floats(window)
end

---@param beside integer
---@param command string
---@return integer
local function split(beside, command)
  vim.api.nvim_set_current_win(beside)
  vim.cmd(command)
  return vim.api.nvim_get_current_win()
end

--- A part of what there is, or a number of columns or lines.
---@param size number up to 1 a part, above it columns or lines
---@param there integer
---@return integer
local function measure(size, there)
  local measured = size <= 1 and there * size or size
  return math.max(math.min(SMALLEST, there), math.min(math.floor(measured), there))
end

---@param layout dingbridge.Layout
---@return { width: integer, height: integer }
local function size_of(layout)
  return {
    width = measure(layout.width, vim.o.columns),
    height = measure(layout.height, vim.o.lines - vim.o.cmdheight),
  }
end

--- A new window for the transcript, where the options want it.
---@param transcript integer
---@param layout dingbridge.Layout
---@return integer
local function new_window(transcript, layout)
  local current = vim.api.nvim_get_current_win()
  local size = size_of(layout)
  if layout.layout == 'float' then
    return chat_float.open(transcript, false, size, draft_height.LEAST + 1)
  elseif is_unused(current) then
    return current
  elseif layout.layout == 'tab' then
    return split(current, 'tab split')
  elseif layout.layout == 'bottom' then
    local window = split(current, 'botright split')
    vim.api.nvim_win_set_height(window, size.height)
    return window
  end
  local window = split(current, layout.layout == 'left' and 'topleft vsplit' or 'botright vsplit')
  vim.api.nvim_win_set_width(window, size.width)
  return window
end

--- A window for the transcript: an existing one, an unused one, or a new one.
---@param transcript integer
---@param draft integer|nil window of the draft
---@param layout dingbridge.Layout
---@return integer
local function transcript_window(transcript, draft, layout)
  local window = window_for(transcript, false)
  if window then
    return window
  elseif draft and not floats(draft) then
    return split(draft, 'aboveleft split')
  end
  return new_window(transcript, layout)
end

---@param draft integer
---@param above integer window of the transcript
---@param layout dingbridge.Layout
---@return integer
local function draft_window(draft, above, layout)
  if floats(above) then
    return chat_float.open(draft, true, size_of(layout), draft_height.LEAST + 1)
  end
  return split(above, 'belowright ' .. draft_height.LEAST + 1 .. 'split')
end

--- Goes to the tab page in which a transcript is shown, if it is to have one of its own.
---@param transcript integer
---@param layout dingbridge.Layout
local function go_to_tab(transcript, layout)
  local shown = layout.layout == 'tab' and vim.fn.win_findbuf(transcript) or {}
  local here = vim.api.nvim_get_current_tabpage()
  for _, window in ipairs(shown) do
    if vim.api.nvim_win_get_tabpage(window) == here then
      return
    end
  end
  if shown[1] then
    vim.api.nvim_set_current_win(shown[1])
  end
end

--- Shows the buffers of a chat, the draft below the transcript, and puts the cursor into the draft.
---@param transcript integer
---@param draft integer
---@return integer window of the transcript
---@return boolean is_new whether it showed something else before
function M.show(transcript, draft)
  local layout = require('dingbridge').window()
  go_to_tab(transcript, layout)
  local below = window_for(draft, true)
  local was_shown = #vim.fn.win_findbuf(transcript)
  local above = transcript_window(transcript, below, layout)
  local is_new = vim.api.nvim_win_get_buf(above) ~= transcript or #vim.fn.win_findbuf(transcript) > was_shown
  put(above, transcript, TRANSCRIPT)
  below = below or draft_window(draft, above, layout)
  put(below, draft, DRAFT)
  draft_height.fit(draft)
  vim.api.nvim_set_current_win(below)
  return above, is_new
end

--- Fits floating chats to the screen after it has changed.
local function fit_floats()
  local size = size_of(require('dingbridge').window())
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local part, session = buffers.of(vim.api.nvim_win_get_buf(window))
    local transcript = part == 'draft' and floats(window) and buffers.get(session, 'transcript')
    local tab = vim.api.nvim_win_get_tabpage(window)
    for _, above in ipairs(transcript and vim.fn.win_findbuf(transcript) or {}) do
      if vim.api.nvim_win_get_tabpage(above) == tab and floats(above) then
        chat_float.fit(above, window, size)
      end
    end
  end
end

vim.api.nvim_create_autocmd('VimResized', {
  group = vim.api.nvim_create_augroup('dingbridge_layout', {}),
  callback = fit_floats,
})

--- Sets the options of a window that shows a part of a chat already, after `:mksession`.
---@param window integer
---@param part dingbridge.Part
function M.dress(window, part)
  dress(window, part == 'draft' and DRAFT or TRANSCRIPT)
end

return M
