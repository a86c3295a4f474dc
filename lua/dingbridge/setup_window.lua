--- The floating window of `:Chat setup`: what has happened so far, a QR code, the settings at the end.

local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

require('dingbridge.message_format') -- defines the highlight groups

local M = {}

local WIDEST = 90 -- columns
local NAME = 'dingbridge://setup'
local QR_CODE = 'DingbridgeQrCode' -- a group with colours of its own

local namespace = vim.api.nvim_create_namespace('dingbridge_setup')

---@class dingbridge.SetupLine
---@field text string
---@field group? string highlight group
---@field whole? boolean it is not broken: code

local buffer ---@type integer|nil
local told = {} ---@type dingbridge.SetupLine[]
local code ---@type { rows: string[], words: string, address: string }|nil
local on_leave ---@type fun()
local on_enter ---@type fun()|nil

---@return integer|nil
local function window_of()
  local windows = buffer and vim.api.nvim_buf_is_valid(buffer) and vim.fn.win_findbuf(buffer) or {}
  return windows[1]
end

---@return integer columns, integer rows that a window may have
local function room()
  return math.max(20, math.min(WIDEST, vim.o.columns - 4)), math.max(3, vim.o.lines - vim.o.cmdheight - 3)
end

--- The lines to show: with a QR code it alone, above what to do with it; without room for it, the latter.
---@param width integer
---@param most integer rows
---@return dingbridge.SetupLine[]
local function content(width, most)
  local shown = {} ---@type dingbridge.SetupLine[]
  local function add(text, group)
    for _, line in ipairs(wrap.lines(text, width)) do
      shown[#shown + 1] = { text = (line:gsub('%s+$', '')), group = group }
    end
  end
  if code then
    local rows = code.rows
    if #rows <= most and vim.api.nvim_strwidth(rows[1] or '') <= math.min(width, vim.o.columns) then
      for _, row in ipairs(rows) do
        shown[#shown + 1] = { text = row, group = QR_CODE }
      end
    end
    add(code.words)
    shown[#shown + 1] = { text = code.address, group = 'DingbridgeCommand' }
    return shown
  end
  for _, line in ipairs(told) do
    if line.whole then
      shown[#shown + 1] = line
    else
      add(line.text, line.group)
    end
  end
  return shown
end

local function draw()
  local window = window_of()
  if not window or not buffer then
    return
  end
  -- Readers need dark on light, whatever the colours are.
  local colours = { fg = '#000000', bg = '#ffffff', ctermfg = 16, ctermbg = 231 }
  vim.api.nvim_set_hl(0, QR_CODE, colours)
  local width, most = room()
  local lines = content(width, most)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(
    buffer,
    0,
    -1,
    false,
    vim.tbl_map(function(line)
      return line.text
    end, lines)
  )
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, line in ipairs(lines) do
    if line.group then
      vim.api.nvim_buf_set_extmark(buffer, namespace, number - 1, 0, { end_col = #line.text, hl_group = line.group })
    end
  end
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.api.nvim_strwidth(line.text) / width))
  end
  local height = math.max(1, math.min(rows, most))
  vim.api.nvim_win_set_config(window, {
    relative = 'editor',
    row = math.max(0, math.floor((vim.o.lines - vim.o.cmdheight - height - 2) / 2)),
    col = math.max(0, math.floor((vim.o.columns - width - 2) / 2)),
    width = width,
    height = height,
  })
  vim.api.nvim_win_set_cursor(window, { code and 1 or math.max(1, #lines), 0 })
end

local function make_buffer()
  local made = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(made, NAME)
  vim.bo[made].bufhidden = 'wipe'
  vim.bo[made].filetype = 'dingbridge-setup'
  local keys = {
    q = {
      function()
        on_leave()
      end,
      'key_leave_setup',
    },
    ['<CR>'] = {
      function()
        local act = on_enter
        on_enter = nil
        if act then
          act()
        end
      end,
      'key_answer_setup',
    },
  }
  for key, meaning in pairs(keys) do
    vim.keymap.set('n', key, meaning[1], { buffer = made, nowait = true, desc = say(meaning[2]) })
  end
  vim.api.nvim_create_autocmd('VimResized', { buffer = made, callback = draw })
  return made
end

--- Opens the window, empty.
---@param leave fun() the user leaves, by a key or by closing the window
function M.open(leave)
  told, code, on_leave, on_enter = {}, nil, leave, nil
  buffer = make_buffer()
  local width = room()
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = 'editor',
    row = 1,
    col = 1,
    width = width,
    height = 1,
    border = 'rounded',
    title = { { (' %s '):format(say('title_setup')), 'DingbridgeTitle' } },
    footer = { { (' %s '):format(say('keys_setup')), 'DingbridgeBar' } },
    footer_pos = 'right',
    style = 'minimal',
  })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = false
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer,
    once = true,
    callback = function()
      buffer = nil
      on_leave()
    end,
  })
end

--- Adds a line. `whole` is not broken.
---@param text string
---@param group? string
---@param whole? boolean
function M.add(text, group, whole)
  if told[1] and told[1].text == say('starting') then
    told, text = {}, vim.trim(text)
  end
  text = whole and text or require('dingbridge.command_name').shown(text)
  for _, line in ipairs(vim.split(text, '\n', { plain = true })) do
    told[#told + 1] = { text = line, group = group, whole = whole }
  end
  draw()
end

--- Shows a QR code instead, until it is nil.
---@param given? { rows: string[], words: string, address: string }
function M.show_code(given)
  code = given
  draw()
end

--- Calls `ask`, which takes the keyboard: at once for a user who looks at this window, else when they
--- come here and press a key.
---@param ask fun()
function M.when_here(ask)
  local window = window_of()
  if window and vim.api.nvim_get_current_win() == window and vim.api.nvim_get_mode().mode == 'n' then
    vim.cmd.redraw()
    ask()
  else
    on_enter = ask
    M.add(say('setup_press_enter'), 'DingbridgeHint')
  end
end

---@return boolean
function M.is_open()
  return window_of() ~= nil
end

--- Brings the user here.
function M.focus()
  local window = window_of()
  if window then
    vim.api.nvim_set_current_win(window)
  end
end

function M.close()
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
end

return M
