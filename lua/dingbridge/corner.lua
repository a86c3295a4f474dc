--- Shows notices in a corner of the screen: they take neither the focus nor a key press. Each goes
--- after its time; one with an error stays until the user has pressed a key.

local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

require('dingbridge.message_format') -- defines the highlight groups

local M = {}

local SHOWN_FOR = 6000 -- milliseconds, and one second more for each further line
local WIDEST = 60 -- columns; also at most half of the screen, if that is wide enough to read
local NARROWEST = 40 -- columns
local BORDER = 2 -- rows
local ERROR = vim.log.levels.ERROR

local HIGHLIGHT = {
  [vim.log.levels.INFO] = 'DingbridgeInfo',
  [vim.log.levels.WARN] = 'DingbridgeWarning',
  [ERROR] = 'DingbridgeError',
}

local UNBROKEN = '\194\160' -- a space at which no line breaks

local namespace = vim.api.nvim_create_namespace('dingbridge_notice')

---@class dingbridge.CornerNotice
---@field text string
---@field lines string[]
---@field level integer

local notices = {} ---@type dingbridge.CornerNotice[] the newest at the end
local window ---@type integer|nil

---@return integer rows that the corner may have
local function highest()
  return math.max(1, vim.o.lines - 4)
end

--- Removes notices until all fit: the oldest one that is no error, or else the oldest error.
local function make_room()
  local rows = 0
  for _, each in ipairs(notices) do
    rows = rows + #each.lines
  end
  while rows > highest() and #notices > 1 do
    local oldest = 1
    for number = 1, #notices - 1 do
      if notices[number].level ~= ERROR then
        oldest = number
        break
      end
    end
    rows = rows - #table.remove(notices, oldest).lines
  end
end

--- The window, in the current tab page; nil if there is none.
---@return integer|nil
local function open_window()
  if window and vim.api.nvim_win_is_valid(window) then
    if vim.api.nvim_win_get_tabpage(window) == vim.api.nvim_get_current_tabpage() then
      return window
    end
    vim.api.nvim_win_close(window, true)
  end
  window = nil
end

--- Puts the lines of all notices into a buffer.
---@param buffer integer
---@return integer rows
---@return integer width
---@return boolean has_error
local function fill(buffer)
  local rows, width, has_error = 0, 0, false
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  for _, each in ipairs(notices) do
    vim.api.nvim_buf_set_lines(buffer, rows, -1, false, each.lines)
    vim.api.nvim_buf_set_extmark(buffer, namespace, rows, 0, {
      end_row = rows + #each.lines,
      hl_group = HIGHLIGHT[each.level],
      hl_eol = true,
      strict = false,
    })
    rows = rows + #each.lines
    for _, line in ipairs(each.lines) do
      width = math.max(width, vim.api.nvim_strwidth(line) + 1)
    end
    has_error = has_error or each.level == ERROR
  end
  return rows, width, has_error
end

--- The row for notices of that height: below the messages if they end above the draft, so that they
--- are not covered; else at the top, where the latest message is not.
---@param height integer with the border
---@return integer
local function row_for(height)
  local buffers = package.loaded['dingbridge.buffers']
  for _, one in ipairs(buffers and vim.api.nvim_tabpage_list_wins(0) or {}) do
    local place = vim.fn.getwininfo(one)[1]
    local is_under = place.winrow <= 2 and place.wincol + place.width > vim.o.columns
    local part = buffers.of(place.bufnr)
    if is_under and part == 'transcript' and vim.api.nvim_win_get_config(one).relative == '' then
      local inside = place.height - place.winbar
      local used = vim.api.nvim_win_text_height(one, { start_row = vim.fn.line('w0', one) - 1 }).all
      if used + height <= inside then
        return place.winrow - 1 + place.height - height
      end
    end
  end
  return 1
end

--- Shows the notices that there are, in a window that is as large as they are.
local function draw()
  local open = open_window()
  if not notices[1] then
    if open then
      vim.api.nvim_win_close(open, true)
    end
    return
  end
  local buffer = open and vim.api.nvim_win_get_buf(open) or vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = 'wipe'
  local rows, width, has_error = fill(buffer)
  local place = {
    relative = 'editor',
    anchor = 'NE',
    row = row_for(rows + BORDER),
    col = vim.o.columns - 1,
    width = width,
    height = math.min(rows, highest()),
    border = 'rounded',
    title = ' DingTalk ',
    footer = has_error and (' %s '):format(say('footer_messages')) or '',
    footer_pos = has_error and 'right' or nil,
  }
  if open then
    vim.api.nvim_win_set_config(open, place)
    vim.api.nvim_win_set_cursor(open, { 1, 0 })
  else
    window = vim.api.nvim_open_win(
      buffer,
      false,
      vim.tbl_extend('error', place, {
        style = 'minimal',
        focusable = false,
        noautocmd = true,
        zindex = 60,
      })
    )
  end
end

--- Forgets the notices of a window that the user has closed.
local function forget_closed()
  if not (window and vim.api.nvim_win_is_valid(window)) then
    notices = {}
  end
end

--- Removes a notice after its time.
---@param notice dingbridge.CornerNotice
local function remove_later(notice)
  vim.defer_fn(function()
    forget_closed()
    for number, each in ipairs(notices) do
      if each == notice then
        table.remove(notices, number)
        draw()
        return
      end
    end
  end, SHOWN_FOR + 1000 * #notice.lines)
end

--- The same for all errors after the next key press: a user who was away finds them on returning.
local function remove_errors_after_key()
  vim.on_key(function()
    vim.on_key(nil, namespace)
    for _, each in ipairs(notices) do
      if each.level == ERROR then
        remove_later(each)
      end
    end
  end, namespace)
end

--- Text whose commands have an unbroken space before their id or code, and before their name.
---@param text string
---@return string
local function with_whole_commands(text)
  return (
    text
      :gsub('(:%u%a+) (%l+)', '%1' .. UNBROKEN .. '%2')
      :gsub('(:%u%a+' .. UNBROKEN .. '%l+) (%f[%w]%w*%f[%d]%d[%w-]*)', '%1' .. UNBROKEN .. '%2')
  )
end

--- Shows lines in the corner, below those that are there.
---@param text string
---@param level integer
function M.show(text, level)
  local most = math.min(math.max(NARROWEST, math.floor(vim.o.columns / 2)), WIDEST, vim.o.columns - 4)
  if most < 10 then
    return
  end
  forget_closed()
  local lines = vim.tbl_map(function(line)
    return ' ' .. line:gsub(UNBROKEN, ' ')
  end, wrap.lines(with_whole_commands(text), most - 2, highest()))
  local notice = { text = text, lines = lines, level = level }
  notices[#notices + 1] = notice
  make_room()
  draw()
  if level == ERROR then
    remove_errors_after_key()
  else
    remove_later(notice)
  end
end

--- Removes the notices with a part that is not true any more.
---@param part string
function M.remove(part)
  forget_closed()
  local count = #notices
  notices = vim.tbl_filter(function(each)
    return not each.text:find(part, 1, true)
  end, notices)
  if #notices < count then
    draw()
  end
end

-- The corner is elsewhere then.
vim.api.nvim_create_autocmd('VimResized', {
  group = vim.api.nvim_create_augroup('dingbridge_corner', {}),
  callback = function()
    forget_closed()
    make_room()
    draw()
  end,
})

return M
