--- Shows lines without interrupting: no prompt to press a key, no change of focus or mode.

local command_name = require('dingbridge.command_name')
local wrap = require('dingbridge.wrap')

local M = {
  --- The latest notices, the newest at the end.
  ---@type { text: string, level: integer }[]
  said = {},
}

local KEPT = 200
local SHOWN_FOR = 6000 -- milliseconds, and one second more for each further line
local WIDEST = 60 -- columns; also at most half of the screen, if that is wide enough to read
local NARROWEST = 40 -- columns

local HIGHLIGHT = {
  [vim.log.levels.INFO] = 'NormalFloat',
  [vim.log.levels.WARN] = 'WarningMsg',
  [vim.log.levels.ERROR] = 'ErrorMsg',
}

local namespace = vim.api.nvim_create_namespace('dingbridge_notice')
local offered = {} ---@type any[] the arguments for `vim.notify`

--- The callback of the command that may run it.
function M.notify_offered()
  vim.notify(unpack(offered))
end

--- Shows lines with `vim.notify`, if the user or a plugin has replaced it. Returns whether they are
--- shown. Output to the message area, which may require a key press, is captured and counts as not
--- shown, and so does an error.
---@param text string
---@param level integer
---@return boolean
local function is_shown_by_user(text, level)
  offered = { text, level, { title = 'dingbridge' } }
  local errmsg = vim.v.errmsg
  vim.v.errmsg = ''
  local command = "silent! call v:lua.require'dingbridge.notice'.notify_offered()"
  local caught = vim.api.nvim_exec2(command, { output = true }).output
  local is_shown = caught == '' and vim.v.errmsg == ''
  vim.v.errmsg = errmsg
  return is_shown
end

---@class dingbridge.Corner what stands in the corner
---@field window integer
---@field buffer integer
---@field rows integer of its text
---@field width integer

local corner ---@type dingbridge.Corner|nil

---@return dingbridge.Corner|nil
local function open_corner()
  return corner and vim.api.nvim_win_is_valid(corner.window) and corner or nil
end

--- Shows lines in a corner for a while, below earlier ones.
---@param text string
---@param level integer
local function float(text, level)
  local most = math.min(math.max(NARROWEST, math.floor(vim.o.columns / 2)), WIDEST, vim.o.columns - 4)
  if most < 10 then
    return
  end
  local highest = math.max(1, vim.o.lines - 4)
  local before = open_corner()
  local width, rows = before and before.width or 0, before and before.rows or 0
  local lines = vim.tbl_map(function(line)
    width = math.max(width, vim.fn.strdisplaywidth(line) + 2)
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
  local height = math.min(rows, highest)
  local place = {
    relative = 'editor',
    anchor = 'NE',
    row = 1,
    col = vim.o.columns - 1,
    width = width,
    height = height,
  }
  if before then
    vim.api.nvim_win_set_config(before.window, place)
  else
    place = vim.tbl_extend('error', place, {
      style = 'minimal',
      border = 'rounded',
      title = ' DingTalk ',
      focusable = false,
      noautocmd = true,
      zindex = 60,
    })
  end
  local window = before and before.window or vim.api.nvim_open_win(buffer, false, place)
  -- The newest lines are visible if not all of them fit.
  vim.api.nvim_win_set_cursor(window, { rows, 0 })
  local now = { window = window, buffer = buffer, rows = rows, width = width }
  corner = now
  vim.defer_fn(function()
    if corner == now and open_corner() then
      vim.api.nvim_win_close(window, true)
    end
  end, SHOWN_FOR + 1000 * #lines)
end

--- Stores a notice.
---@param text string
---@param level? integer
function M.note(text, level)
  M.said[#M.said + 1] = { text = text, level = level or vim.log.levels.INFO }
  if #M.said > KEPT then
    table.remove(M.said, 1)
  end
end

---@param text string
---@param level integer
local function display(text, level)
  local mode = vim.api.nvim_get_mode().mode
  if vim.startswith(mode, 'c') then
    -- Neovim 0.10 cannot capture output while a command line is open.
    vim.api.nvim_create_autocmd('CmdlineLeave', {
      once = true,
      callback = vim.schedule_wrap(function()
        display(text, level)
      end),
    })
  elseif not is_shown_by_user(text, level) then
    float(text, level)
  end
end

--- Shows a notice: with the user's `vim.notify`, or in a corner. Not in the message area, where a
--- second line requires a key press.
---@param text string
---@param level? 'info'|'warn'|'error'
function M.show(text, level)
  local number = vim.log.levels[(level or 'info'):upper()]
  text = command_name.shown(text)
  M.note(text, number)
  vim.schedule(function()
    display(text, number)
  end)
end

return M
