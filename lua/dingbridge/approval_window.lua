--- Shows the oldest request for approval in a floating window, which does not take the focus: who
--- wants to do what, all of the arguments or the diff, the code, and the time left.

local approval_text = require('dingbridge.approval_text')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local wrap = require('dingbridge.wrap')

require('dingbridge.message_format') -- defines the highlight groups

local M = {}

local WIDEST = 90 -- columns
local NARROWEST = 40 -- columns, where the screen has them: title and footer need some
local LAYER = 45 -- above a chat, below notices
local EACH = 1000 -- milliseconds between two updates of the time left
local AGAIN = 200 -- milliseconds between two looks whether the command-line window is left

local namespace = vim.api.nvim_create_namespace('dingbridge_approval')

local buffer ---@type integer|nil
local window ---@type integer|nil
local shown ---@type dingbridge.Approval|nil
local timer ---@type uv.uv_timer_t|nil
local hidden = {} ---@type table<string, true> codes that the user has put away
local is_waiting = false -- for the command-line window to be left

---@return integer|nil
local function open_window()
  return window and vim.api.nvim_win_is_valid(window) and window or nil
end

--- The time that is left, in minutes and seconds.
---@param approval dingbridge.Approval
---@return string
local function time_left(approval)
  local seconds = math.max(0, math.ceil(approval['until'] - os.time()))
  return ('%d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

--- How many lines are below the window.
---@return integer
local function lines_below()
  local here = open_window()
  local last = here and vim.api.nvim_win_call(here, function()
    return vim.fn.line('w$')
  end)
  return last and vim.api.nvim_buf_line_count(buffer) - last or 0
end

---@param approval dingbridge.Approval
---@return string
local function footer_of(approval)
  local has_focus = window ~= nil and window == vim.api.nvim_get_current_win()
  local words = say(has_focus and 'approval_keys' or 'approval_footer', { time = time_left(approval) })
  local below = lines_below()
  return below > 0 and ('%s · %s'):format(say('approval_below', { count = below }), words) or words
end

--- As wide as the longest line, within the screen.
---@param lines string[]
---@return integer columns
local function width_of(lines)
  local longest = NARROWEST
  for _, line in ipairs(lines) do
    longest = math.max(longest, vim.api.nvim_strwidth(line) + 1)
  end
  return math.max(1, math.min(longest, WIDEST, vim.o.columns - 4))
end

---@param approval dingbridge.Approval
---@param width integer
---@param rows integer on the screen, of all its lines
---@return vim.api.keyset.win_config
local function place(approval, width, rows)
  local others = #state.approvals - 1
  local title = others > 0 and say('approval_title_more', { code = approval.code, count = others })
    or say('approval_title', { code = approval.code })
  local most = math.max(1, math.floor((vim.o.lines - vim.o.cmdheight) / 2) - 2)
  return {
    relative = 'editor',
    anchor = 'NE',
    row = 1,
    col = vim.o.columns - 1,
    width = width,
    height = math.max(1, math.min(rows, most)),
    border = 'rounded',
    title = { { (' %s '):format(wrap.cut(title, width - 4)), 'DingbridgeApproval' } },
    footer = { { (' %s '):format(wrap.cut(footer_of(approval), width - 4)), 'DingbridgeBar' } },
    footer_pos = 'right',
  }
end

local function stop_timer()
  if timer then
    timer:stop()
    timer:close()
    timer = nil
  end
end

local function close()
  stop_timer()
  local left = open_window()
  shown, window = nil, nil
  if left then
    vim.api.nvim_win_close(left, true)
  end
end

--- Puts the window away; the request stays open.
local function hide()
  if shown then
    hidden[shown.code] = true
  end
  close()
end

---@return integer
local function make_buffer()
  local made = vim.api.nvim_create_buf(false, true)
  vim.bo[made].bufhidden = 'wipe'
  vim.bo[made].filetype = 'dingbridge-approval'
  local function answer(command)
    return function()
      if shown then
        require('dingbridge.approvals').answer(command, shown.code)
      end
    end
  end
  local keys = {
    q = { hide, 'key_hide_approval' },
    a = { answer('approve'), 'approval_approve' },
    r = { answer('reject'), 'approval_reject' },
    A = { answer('always'), 'key_always' },
  }
  for key, meaning in pairs(keys) do
    vim.keymap.set('n', key, meaning[1], { buffer = made, nowait = true, desc = say(meaning[2]) })
  end
  return made
end

---@param lines string[]
---@param groups table<integer, string>
local function fill(lines, groups)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, group in pairs(groups) do
    vim.api.nvim_buf_set_extmark(buffer, namespace, number - 1, 0, { end_row = number, hl_group = group, hl_eol = true })
  end
end

--- Brings the footer up to date.
local function draw_footer()
  local here = open_window()
  if here and shown then
    local config = place(shown, vim.api.nvim_win_get_width(here), vim.api.nvim_win_get_height(here))
    vim.api.nvim_win_set_config(here, { footer = config.footer, footer_pos = config.footer_pos })
  end
end

---@param approval dingbridge.Approval
local function open(approval)
  local most = math.max(1, math.min(WIDEST, vim.o.columns - 4))
  if not buffer or not vim.api.nvim_buf_is_valid(buffer) then
    buffer = make_buffer()
  end
  local lines, groups = approval_text.lines(approval, most)
  local width = width_of(lines)
  fill(lines, groups)
  local config = place(approval, width, vim.api.nvim_buf_line_count(buffer))
  local before = open_window()
  if before then
    vim.api.nvim_win_set_config(before, config)
  else
    config.zindex, config.style, config.noautocmd = LAYER, 'minimal', true
    window = vim.api.nvim_open_win(buffer, false, config)
    for option, value in pairs({ wrap = true, linebreak = true, breakindent = true }) do
      vim.api.nvim_set_option_value(option, value, { scope = 'local', win = window })
    end
  end
  -- Long lines take several rows.
  local rows = vim.api.nvim_win_text_height(window, {}).all
  vim.api.nvim_win_set_config(window, place(approval, width, rows))
  if shown ~= approval then
    vim.api.nvim_win_set_cursor(window, { 1, 0 })
  end
  shown = approval
  draw_footer() -- what is below follows from the height
end

--- Shows the time left, once a second.
local function keep_time()
  if timer then
    return
  end
  timer = assert(vim.uv.new_timer())
  timer:start(
    EACH,
    EACH,
    vim.schedule_wrap(function()
      if not open_window() or not shown then
        stop_timer()
      elseif vim.fn.getcmdwintype() == '' then
        draw_footer()
      end
    end)
  )
end

--- Shows the oldest request that the user has not put away, or nothing. A window that has the focus
--- keeps its request, and closes with it: a key that is pressed for it must not answer another one.
function M.refresh()
  if vim.fn.getcmdwintype() ~= '' then
    -- Neovim forbids windows to change while the command-line window is open.
    if not is_waiting then
      is_waiting = true
      vim.defer_fn(function()
        is_waiting = false
        M.refresh()
      end, AGAIN)
    end
    return
  end
  local is_read = shown and open_window() == vim.api.nvim_get_current_win()
  local chosen ---@type dingbridge.Approval|nil
  for _, approval in ipairs(state.approvals) do
    if is_read and approval.code == shown.code then
      chosen = approval
      break
    end
    chosen = chosen or not hidden[approval.code] and approval or nil
  end
  if not chosen or (is_read and chosen.code ~= shown.code) then
    close()
  end
  if chosen then
    open(chosen)
    keep_time()
  end
end

local group = vim.api.nvim_create_augroup('dingbridge_approval', {})

vim.api.nvim_create_autocmd('WinScrolled', {
  group = group,
  callback = function(event)
    if tonumber(event.match) == window then
      draw_footer()
    end
  end,
})

vim.api.nvim_create_autocmd('VimResized', {
  group = group,
  callback = function()
    if open_window() then
      M.refresh()
    end
  end,
})

--- Shows a request and moves the cursor into its window.
---@param approval dingbridge.Approval
function M.enter(approval)
  hidden[approval.code] = nil
  open(approval)
  keep_time()
  vim.api.nvim_set_current_win(window)
  draw_footer()
end

return M
