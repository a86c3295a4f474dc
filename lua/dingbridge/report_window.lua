--- Shows reports of several lines in one small window at the bottom, which the next report reuses.

local command_name = require('dingbridge.command_name')
local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local message_format = require('dingbridge.lazily')('dingbridge.message_format')

local M = {}

local TITLES = {
  status = 'title_status',
  outbox = 'title_outbox',
  pairings = 'title_pairings',
  install = 'title_install',
  messages = 'title_messages',
  doctor = 'title_doctor',
}
local KEYS = {
  status = 'keys_status',
  outbox = 'keys_outbox',
  pairings = 'keys_close',
  install = 'keys_close',
  messages = 'keys_status',
  doctor = 'keys_status',
}
local REFRESHED = { status = true, outbox = true, messages = true, doctor = true }

local NAME = 'dingbridge://report'

local buffer ---@type integer|nil
local shown = '' ---@type string name of the report in the buffer
local messages = {} ---@type table<integer, string> line number to id of the message it is about

---@return integer|nil
local function window_of()
  local windows = buffer and vim.api.nvim_buf_is_valid(buffer) and vim.fn.win_findbuf(buffer) or {}
  return windows[1]
end

local function close()
  -- Return to the previous window, not to an adjacent one.
  vim.cmd.wincmd('p')
  vim.api.nvim_buf_delete(buffer, { force = true })
end

---@param name string
local function refresh(name)
  if name == 'messages' then
    require('dingbridge.notice_report').show(true)
  elseif name == 'doctor' then
    require('dingbridge.doctor').run('')
  else
    host.tell('refresh', { report = name })
  end
end

--- Runs the command on the message under the cursor.
---@param command 'retry'|'drop'
local function about_message(command)
  local message = messages[vim.api.nvim_win_get_cursor(0)[1]]
  if message then
    -- `:Chat` may belong to another plugin.
    vim.api.nvim_cmd({ cmd = 'DingTalk', args = { command .. ' ' .. message } }, {})
  else
    notice.show(say('no_message_here'), 'warn')
  end
end

---@return integer
local function make_buffer()
  local made = vim.api.nvim_create_buf(false, true)
  for _, other in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(other) == NAME then
      vim.api.nvim_buf_delete(other, { force = true }) -- one that `:mksession` restored
    end
  end
  vim.api.nvim_buf_set_name(made, NAME)
  vim.bo[made].bufhidden = 'wipe'
  vim.bo[made].modifiable = false
  vim.bo[made].filetype = 'dingbridge-report'
  local keys = {
    q = { close, 'key_close' },
    R = {
      function()
        if REFRESHED[shown] then
          refresh(shown)
        end
      end,
      'key_refresh',
    },
    r = {
      function()
        about_message('retry')
      end,
      'key_retry',
    },
    d = {
      function()
        about_message('drop')
      end,
      'key_drop',
    },
  }
  for key, meaning in pairs(keys) do
    vim.keymap.set('n', key, meaning[1], { buffer = made, nowait = true, desc = say(meaning[2]) })
  end
  return made
end

--- Puts lines into the buffer, as plain text.
---@param lines { text: string, message: string }[]
local function fill(lines)
  local texts = {}
  messages = {}
  for _, line in ipairs(lines) do
    for _, text in ipairs(vim.split(line.text, '\n', { plain = true })) do
      texts[#texts + 1] = message_format.one_line(text)
      messages[#texts] = line.message ~= '' and line.message or nil
    end
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, texts)
  vim.bo[buffer].modifiable = false
end

--- Makes the window as high as its lines, up to a third of the screen.
---@param window integer
local function fit(window)
  local rows = vim.api.nvim_win_text_height(window, {}).all
  local most = math.max(1, math.floor(vim.o.lines / 3))
  vim.api.nvim_win_set_height(window, math.min(rows + 1, most))
end

---@return integer|nil window nil when there is no room for one
local function open()
  -- Raises if a small screen has no room for another window.
  local ok, window = pcall(vim.api.nvim_open_win, buffer, false, { split = 'below', win = -1, height = 5 })
  return ok and window or nil
end

---@param window integer
---@param name string
local function dress(window, name)
  local of_window = { scope = 'local', win = window }
  for option, value in pairs({
    wrap = true,
    linebreak = true,
    breakindent = true,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    foldenable = false,
    list = false,
    spell = false,
    cursorline = true,
    fillchars = require('dingbridge.windows').fillchars(),
    winhighlight = 'WinBar:WinBarNC',
    winfixheight = true,
    winbar = ('%%#DingbridgeTitle# %s %%=%%#DingbridgeBar#%s '):format(say(TITLES[name]), say(KEYS[name])),
  }) do
    vim.api.nvim_set_option_value(option, value, of_window)
  end
end

--- Whether a report is on the screen.
---@param name string
---@return boolean
function M.shows(name)
  return shown == name and window_of() ~= nil
end

--- Calls `callback` once when the buffer of reports is gone.
---@param callback fun()
function M.on_close(callback)
  vim.api.nvim_create_autocmd('BufWipeout', { buffer = buffer, once = true, callback = callback })
end

---@class dingbridge.Report
---@field name 'status'|'outbox'|'pairings'|'install'|'messages'|'doctor'
---@field lines { text: string, message: string }[]
---@field again boolean whether it replaces itself, if it is on the screen
---@field is_partial? boolean whether more follows: then its end stays in sight

--- Shows a report; one of a single line as a notice, unless its window is open. That of the notices is
--- never one itself, and is shown from its end.
---@param report dingbridge.Report
function M.show(report)
  local window = window_of()
  local is_here = window ~= nil and shown == report.name
  if report.again and not is_here then
    return
  end
  if report.name == 'status' then
    require('dingbridge.sign_legend').add(report.lines)
  end
  local texts = vim.tbl_map(function(line)
    line.text = command_name.shown(line.text)
    return line.text
  end, report.lines)
  local text = table.concat(texts, '\n')
  local is_of_notices = report.name == 'messages'
  if not is_here and not is_of_notices and not text:find('\n', 1, true) then
    notice.show(text)
    return
  end
  if window and vim.api.nvim_win_get_tabpage(window) ~= vim.api.nvim_get_current_tabpage() and not report.again then
    vim.api.nvim_win_close(window, true)
    window = nil
  end
  if not buffer or not vim.api.nvim_buf_is_valid(buffer) then
    buffer = make_buffer()
  end
  shown = report.name
  local follows = report.is_partial or report.name == 'doctor'
  follows = follows and (not is_here or vim.api.nvim_win_get_cursor(window)[1] == vim.api.nvim_buf_line_count(buffer))
  fill(report.lines)
  window = window or open()
  if not window and is_of_notices then
    require('dingbridge.corner').show(text, vim.log.levels.INFO)
    return
  elseif not window then
    notice.show(text)
    return
  end
  if not is_of_notices and not report.is_partial then
    notice.note(text, nil, true)
  end
  dress(window, report.name)
  fit(window)
  if is_of_notices or follows then
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
  elseif not is_here then
    vim.api.nvim_win_set_cursor(window, { 1, 0 })
  end
  -- Do not move the cursor of a user who types elsewhere.
  local stays = state.asked_in == vim.api.nvim_get_current_win() and vim.api.nvim_get_mode().mode == 'n'
  if stays and not report.again then
    vim.api.nvim_set_current_win(window)
  end
end

--- Refreshes an open report of the outbox after a change.
function M.outbox_changed()
  if window_of() and shown == 'outbox' then
    refresh('outbox')
  end
end

return M
