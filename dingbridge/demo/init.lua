--- The demo's screen: a bound session on the left, a phone to write to it on the right.

local package_folder = vim.fs.dirname(vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2))))
vim.opt.rtp:prepend(vim.fs.dirname(package_folder))

local NARROWEST = 60 -- columns that two windows side by side need
local PHONE_SHARE = 0.45

vim.o.laststatus = 3
vim.o.ruler = false
vim.o.showcmd = false
vim.o.showmode = false
vim.o.mouse = 'a'
vim.o.shortmess = vim.o.shortmess .. 'I'
vim.o.fillchars = 'eob: '

--- Says where Tab goes at the moment: in normal mode a chat has it for its two windows.
local function show_hint()
  local part, to = vim.fn.mode() == 'n' and vim.b.dingbridge_part, 'phone'
  if part then
    to = part == 'draft' and 'transcript' or 'draft'
  elseif vim.bo.buftype == 'terminal' then
    to = 'Neovim'
  end
  local hint = ' Tab: %s │ Esc :q leaves │ Ctrl-S: send the draft%%<%%=dingbridge demo '
  vim.o.statusline = hint:format(to)
end

show_hint()
vim.api.nvim_create_autocmd({ 'ModeChanged', 'BufEnter', 'WinEnter' }, {
  desc = 'Say what Tab does here',
  callback = show_hint,
})

vim.o.title = true
vim.o.titlestring = 'dingbridge demo'

-- On one line at the bottom: the stock notices would cover the phone's first lines.
vim.notify = function(text, level)
  local line = text:gsub('\n%s*', ' ')
  line = require('dingbridge.wrap').cut(line, vim.v.echospace) -- `:Chat messages` has all of it
  local highlight = (level or vim.log.levels.INFO) > vim.log.levels.INFO and 'WarningMsg' or nil
  -- Later: what is written at once counts as not shown, and comes as a stock notice.
  vim.schedule(function()
    vim.api.nvim_echo({ { line, highlight } }, true, {})
  end)
end

local phone ---@type integer window

---@return boolean
local function is_wide()
  return vim.o.columns >= NARROWEST
end

local function narrow_phone()
  if is_wide() then
    vim.api.nvim_win_set_width(phone, math.floor(vim.o.columns * PHONE_SHARE))
  end
end

local function open_phone()
  vim.cmd(is_wide() and 'botright vsplit' or 'botright split')
  phone = vim.api.nvim_get_current_win()
  narrow_phone()
  vim.cmd.enew()
  local launch = package_folder .. '/launch.py'
  local command = { vim.env.DINGBRIDGE_DEMO_PYTHON, launch, 'phone' }
  if vim.fn.has('nvim-0.11') == 1 then
    vim.fn.jobstart(command, { term = true })
  else
    vim.fn.termopen(command)
  end
  -- Only the phone needs it, and child processes would inherit it.
  vim.env.DINGBRIDGE_DEMO_CONTROL = nil
  for option, value in pairs({
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    winfixwidth = true,
    winbar = '%#Title# 张三’s phone%=%#Comment#Enter sends ',
  }) do
    vim.api.nvim_set_option_value(option, value, { scope = 'local', win = phone })
  end
end

--- Whether a window shows the draft.
---@param window integer
---@return boolean
local function is_draft(window)
  local shown = vim.b[vim.api.nvim_win_get_buf(window)]
  return shown.dingbridge_part == 'draft' and shown.dingbridge_session ~= ''
end

--- Only once the mode of the side that was left is over.
local function begin_typing()
  vim.schedule(function()
    vim.cmd.startinsert({ bang = true })
  end)
end

--- From the chat to the phone, and from anywhere else to the draft.
local function other_side()
  local to_phone = vim.api.nvim_get_current_win() ~= phone
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if (to_phone and window == phone) or (not to_phone and is_draft(window)) then
      vim.cmd.stopinsert()
      vim.api.nvim_set_current_win(window)
      begin_typing()
      return
    end
  end
  if not to_phone then
    -- The chat was hidden. It takes the empty window.
    vim.cmd.stopinsert()
    vim.cmd(is_wide() and 'topleft vnew' or 'topleft new')
    narrow_phone()
    vim.cmd.Chat()
    begin_typing()
  end
end

vim.keymap.set({ 'n', 'i', 't' }, '<Tab>', other_side, { desc = 'Go to the other side' })
vim.keymap.set('t', '<Esc>', '<C-\\><C-n>', { desc = 'Stop typing on the phone' })

vim.api.nvim_create_autocmd('User', {
  pattern = 'DingbridgeConnected',
  once = true,
  callback = function()
    if vim.api.nvim_get_mode().mode == 'n' and is_draft(vim.api.nvim_get_current_win()) then
      vim.cmd.startinsert({ bang = true })
    end
  end,
})

vim.api.nvim_create_autocmd('VimEnter', {
  callback = function()
    local chat = vim.api.nvim_get_current_win()
    open_phone()
    vim.api.nvim_set_current_win(chat)
    vim.cmd('Chat new 张三')
    vim.cmd('Chat bridge dingtalk')
  end,
})

-- A phone that still runs and a draft that was not sent must not keep anybody here.
local leaving = false
vim.api.nvim_create_autocmd('QuitPre', {
  nested = true,
  callback = function()
    local beside_phone = phone
      and vim.api.nvim_win_is_valid(phone)
      and vim.api.nvim_win_get_tabpage(phone) == vim.api.nvim_get_current_tabpage()
    -- `:qall` comes by here as well.
    if beside_phone and vim.bo.buftype ~= 'help' and not leaving then
      leaving = true
      vim.cmd('qall!')
    end
  end,
})

require('dingbridge').setup({
  python = vim.env.DINGBRIDGE_DEMO_PYTHON,
  admins = { 'zhangsan' }, -- so that every command can be tried from the phone
  group_policy = 'open',
})
