--- Lines for the user that never stop them: no prompt to press a key, no change of focus or mode.

local wrap = require('dingbridge.wrap')

local M = {
  --- What was said last, newest at the end.
  ---@type { text: string, level: integer }[]
  said = {},
}

local KEPT = 200
local SHOWN_FOR = 6000 -- milliseconds, and one second more for each further line
local WIDEST = 60 -- columns, and no more than half of the screen where that is wide enough to read
local NARROWEST = 40 -- columns

local HIGHLIGHT = {
  [vim.log.levels.INFO] = 'NormalFloat',
  [vim.log.levels.WARN] = 'WarningMsg',
  [vim.log.levels.ERROR] = 'ErrorMsg',
}

local window ---@type integer|nil

--- Whether the user, or a plugin of theirs, shows notifications in their own way.
---@return boolean
local function is_replaced()
  -- What comes with Neovim has no full path.
  return not vim.startswith(debug.getinfo(vim.notify, 'S').source, '@vim/')
end

--- Shows lines in a corner for a while.
---@param text string
---@param level integer
local function float(text, level)
  local most = math.min(math.max(NARROWEST, math.floor(vim.o.columns / 2)), WIDEST, vim.o.columns - 4)
  if most < 10 then
    return
  end
  local width = 0
  local lines = vim.tbl_map(function(line)
    width = math.max(width, vim.fn.strdisplaywidth(line) + 2)
    return ' ' .. line
  end, wrap.lines(text, most - 2))
  if window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  local shown = vim.api.nvim_open_win(buffer, false, {
    relative = 'editor',
    anchor = 'NE',
    row = 1,
    col = vim.o.columns - 1,
    width = width,
    height = math.min(#lines, math.max(1, vim.o.lines - 4)),
    style = 'minimal',
    border = 'rounded',
    title = ' DingTalk ',
    focusable = false,
    noautocmd = true,
    zindex = 60,
  })
  vim.wo[shown].winhighlight = 'NormalFloat:' .. HIGHLIGHT[level]
  window = shown
  vim.defer_fn(function()
    if vim.api.nvim_win_is_valid(shown) then
      vim.api.nvim_win_close(shown, true)
    end
  end, SHOWN_FOR + 1000 * #lines)
end

--- Notes what the user is told.
---@param text string
---@param level? integer
function M.note(text, level)
  M.said[#M.said + 1] = { text = text, level = level or vim.log.levels.INFO }
  if #M.said > KEPT then
    table.remove(M.said, 1)
  end
end

--- Says something. One short line goes to the message area, anything longer into a corner, as does
--- everything in modes that draw over that area.
---@param text string
---@param level? 'info'|'warn'|'error'
function M.show(text, level)
  local number = vim.log.levels[(level or 'info'):upper()]
  M.note(text, number)
  if is_replaced() then
    vim.notify(text, number, { title = 'dingbridge' })
    return
  end
  local line = 'dingbridge: ' .. text
  local fits = not text:find('\n', 1, true) and vim.fn.strdisplaywidth(line) < vim.v.echospace
  if fits and vim.api.nvim_get_mode().mode == 'n' then
    vim.api.nvim_echo({ { line, number > vim.log.levels.INFO and HIGHLIGHT[number] or nil } }, true, {})
  else
    float(text, number)
  end
end

return M
