--- Shows notices in a corner of the screen: they take neither the focus nor a key press. One with an
--- error stays until the user has pressed a key.

local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

require('dingbridge.message_format') -- defines the highlight groups

local M = {}

local SHOWN_FOR = 6000 -- milliseconds, and one second more for each further line
local WIDEST = 60 -- columns; also at most half of the screen, if that is wide enough to read
local NARROWEST = 40 -- columns
local ERROR = vim.log.levels.ERROR

local HIGHLIGHT = {
  [vim.log.levels.INFO] = 'DingbridgeInfo',
  [vim.log.levels.WARN] = 'DingbridgeWarning',
  [ERROR] = 'DingbridgeError',
}

local namespace = vim.api.nvim_create_namespace('dingbridge_notice')

---@class dingbridge.Corner what stands in the corner
---@field window integer
---@field buffer integer
---@field rows integer of its text
---@field width integer
---@field has_error boolean
---@field shown_for integer milliseconds

local corner ---@type dingbridge.Corner|nil

---@return dingbridge.Corner|nil
local function open_corner()
  return corner and vim.api.nvim_win_is_valid(corner.window) and corner or nil
end

--- Closes a corner after its time, unless more was added to it.
---@param now dingbridge.Corner
local function close_later(now)
  vim.defer_fn(function()
    if corner == now and open_corner() then
      vim.api.nvim_win_close(now.window, true)
    end
  end, now.shown_for)
end

--- The same after the next key press: a user who was away finds it on returning.
---@param now dingbridge.Corner
local function close_after_key(now)
  vim.on_key(function()
    vim.on_key(nil, namespace)
    close_later(now)
  end, namespace)
end

--- Shows lines in the corner, below those that are there.
---@param text string
---@param level integer
function M.show(text, level)
  local most = math.min(math.max(NARROWEST, math.floor(vim.o.columns / 2)), WIDEST, vim.o.columns - 4)
  if most < 10 then
    return
  end
  local highest = math.max(1, vim.o.lines - 4)
  local before = open_corner()
  local width, rows = before and before.width or 0, before and before.rows or 0
  local lines = vim.tbl_map(function(line)
    width = math.max(width, vim.api.nvim_strwidth(line) + 2)
    return ' ' .. line
  end, wrap.lines(text, most - 2, highest))
  local buffer = before and before.buffer or vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, rows, -1, false, lines)
  vim.api.nvim_buf_set_extmark(buffer, namespace, rows, 0, {
    end_row = rows + #lines,
    hl_group = HIGHLIGHT[level],
    hl_eol = true,
    strict = false,
  })
  rows = rows + #lines
  local has_error = level == ERROR or before ~= nil and before.has_error
  local place = {
    relative = 'editor',
    anchor = 'NE',
    row = 1,
    col = vim.o.columns - 1,
    width = width,
    height = math.min(rows, highest),
    border = 'rounded',
    title = ' DingTalk ',
    footer = has_error and (' %s '):format(say('footer_messages')) or nil,
    footer_pos = has_error and 'right' or nil,
  }
  if before then
    vim.api.nvim_win_set_config(before.window, place)
  else
    place = vim.tbl_extend('error', place, {
      style = 'minimal',
      focusable = false,
      noautocmd = true,
      zindex = 60,
    })
  end
  local window = before and before.window or vim.api.nvim_open_win(buffer, false, place)
  -- The newest lines are visible if not all of them fit.
  vim.api.nvim_win_set_cursor(window, { rows, 0 })
  corner = {
    window = window,
    buffer = buffer,
    rows = rows,
    width = width,
    has_error = has_error,
    shown_for = SHOWN_FOR + 1000 * #lines,
  }
  if has_error then
    close_after_key(corner)
  else
    close_later(corner)
  end
end

return M
