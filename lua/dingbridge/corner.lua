--- Shows notices in a corner of the screen: they take neither the focus nor a key press. Each goes
--- after its time; one with an error stays until the user has pressed a key as well.

local corner_place = require('dingbridge.corner_place')
local corner_text = require('dingbridge.corner_text')
local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

local M = {}

local SHOWN_FOR = 6000 -- milliseconds, and one second more for each further line
local WIDEST = 60 -- columns; also at most half of the screen, if that is wide enough to read
local NARROWEST = 40 -- columns
local BORDER = 2 -- rows
local ERROR = vim.log.levels.ERROR

local UNBROKEN = '\194\160' -- a space at which no line breaks

local namespace = vim.api.nvim_create_namespace('dingbridge_notice')

local notices = {} ---@type dingbridge.CornerNotice[] the newest at the end
local window ---@type integer|nil
local drawn ---@type dingbridge.CornerPlace|nil where the window is

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

--- Where the notices are to be now.
---@return dingbridge.CornerPlace
local function wanted()
  local rows, width = corner_text.size(notices)
  return corner_place.find(math.min(rows, highest()) + BORDER, width + BORDER, open_window())
end

--- Shows the notices that there are, in a window that is as large as they are, or as there is room.
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
  local _, width, has_error = corner_text.size(notices)
  drawn = wanted()
  local is_line = drawn.rows == 1
  local height = is_line and 1 or drawn.rows - BORDER
  local shown = is_line and { corner_text.as_line(notices) } or corner_text.fitting(notices, height)
  corner_text.fill(buffer, shown)
  local place = {
    relative = 'editor',
    anchor = 'NE',
    row = drawn.row,
    col = vim.o.columns - 1,
    width = is_line and vim.api.nvim_strwidth(shown[1].lines[1]) or width,
    height = math.min(height, vim.api.nvim_buf_line_count(buffer)),
    border = is_line and 'none' or 'rounded',
  }
  if not is_line then
    has_error = has_error or #shown < #notices
    place.title = (' %s '):format(say('bar_dingtalk'))
    place.footer = has_error and (' %s '):format(say('footer_messages')) or ''
    place.footer_pos = has_error and 'right' or nil
  end
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

--- Removes a notice.
---@param notice dingbridge.CornerNotice
local function remove(notice)
  forget_closed()
  for number, each in ipairs(notices) do
    if each == notice then
      table.remove(notices, number)
      draw()
      return
    end
  end
end

--- Removes a notice after its time, one with an error only after a key as well: a user who was away
--- finds it on returning.
---@param notice dingbridge.CornerNotice
local function remove_later(notice)
  vim.defer_fn(function()
    if notice.level == ERROR and not notice.is_seen then
      notice.is_due = true
    else
      remove(notice)
    end
  end, SHOWN_FOR + 1000 * #notice.lines)
end

--- Handles the next key press for all errors.
local function watch_key()
  vim.on_key(function()
    vim.on_key(nil, namespace)
    for _, each in ipairs(notices) do
      if each.level == ERROR then
        each.is_seen = true
        if each.is_due then
          vim.schedule(function()
            remove(each)
          end)
        end
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
  notices = vim.tbl_filter(function(each)
    return each.text ~= text
  end, notices)
  local notice = { text = text, lines = lines, level = level, is_due = false, is_seen = false }
  notices[#notices + 1] = notice
  make_room()
  draw()
  remove_later(notice)
  if level == ERROR then
    watch_key()
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

local group = vim.api.nvim_create_augroup('dingbridge_corner', {})

-- The corner is elsewhere then.
vim.api.nvim_create_autocmd('VimResized', {
  group = group,
  callback = function()
    forget_closed()
    make_room()
    draw()
  end,
})

-- What the screen shows has changed perhaps, and windows may be where there was nothing.
vim.api.nvim_create_autocmd('SafeState', {
  group = group,
  callback = function()
    local here = vim.api.nvim_get_current_tabpage()
    local is_open = notices[1] and window and vim.api.nvim_win_is_valid(window)
    if is_open and vim.api.nvim_win_get_tabpage(window) == here and not vim.deep_equal(wanted(), drawn) then
      vim.schedule(function()
        forget_closed()
        draw()
      end)
    end
  end,
})

return M
