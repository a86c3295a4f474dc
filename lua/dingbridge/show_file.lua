--- Shows a file for a remote command, without changing focus, mode or cursor.

local paths = require('dingbridge.paths')
local windows = require('dingbridge.windows')
local say = require('dingbridge.say')

local M = {}

local LARGEST = 10 * 1024 * 1024 -- bytes

--- The file's buffer, loaded as by `:edit`, but without modelines and prompts: a file that is open in
--- another editor is shown read-only.
---@param path string
---@return integer
local function load(path)
  local buffer = vim.fn.bufadd(path)
  if not vim.api.nvim_buf_is_loaded(buffer) then
    local modeline, said = vim.go.modeline, vim.v.errmsg
    vim.bo[buffer].modeline = false
    vim.v.errmsg = ''
    local command = { cmd = 'call', args = { ('bufload(%d)'):format(buffer) } }
    command.mods = { silent = true, emsg_silent = true }
    -- The options must be restored even if the user's autocommands raise.
    local ok, problem = pcall(vim.api.nvim_cmd, command, {})
    local message = ok and vim.v.errmsg or problem
    vim.bo[buffer].modeline = modeline
    vim.v.errmsg = said
    if message:find('E325', 1, true) then
      vim.bo[buffer].readonly = true
    elseif message ~= '' then
      error(message)
    end
  end
  vim.bo[buffer].buflisted = true
  return buffer
end

--- A window of this tab page that may show another file: not the current one, not a chat, and without
--- unsaved changes.
---@param buffer integer preferred is one that shows it already
---@return integer|nil
local function free_window(buffer)
  local current = vim.api.nvim_get_current_win()
  local found
  for _, window in ipairs(windows.recent()) do
    local shown = vim.api.nvim_win_get_buf(window)
    local here = vim.api.nvim_win_get_tabpage(window) == vim.api.nvim_get_current_tabpage()
    if here and window ~= current then
      local free = vim.bo[shown].buftype == ''
        and not vim.bo[shown].modified
        and not vim.wo[window].winfixbuf
        and not vim.wo[window].previewwindow
        and not vim.wo[window].diff
      if shown == buffer then
        return window
      elseif free and not found then
        found = window
      end
    end
  end
  return found
end

--- The window to split: one with a file, if possible not the current one.
---@return integer
local function window_to_split()
  local current = vim.api.nvim_get_current_win()
  local best = -1
  for _, window in ipairs(windows.recent()) do
    local here = vim.api.nvim_win_get_tabpage(window) == vim.api.nvim_get_current_tabpage()
    if here and windows.is_file(vim.api.nvim_win_get_buf(window)) then
      if window ~= current then
        return window
      end
      best = window
    end
  end
  return best
end

---@param window integer
---@param line integer
local function show_line(window, line)
  vim.api.nvim_win_set_cursor(window, { line, 0 })
  vim.api.nvim_win_call(window, function()
    vim.fn.winrestview({ topline = math.max(1, line - math.floor(vim.fn.winheight(0) / 2)) })
  end)
end

--- Shows a file, whose path the service has checked, at a line.
---@param request { cwd: string, path: string, line?: integer }
---@return table
function M.open(request)
  if vim.fn.getcmdwintype() ~= '' then
    return { error = say('in_command_line') }
  end
  local name = paths.below(request.path, request.cwd)
  local file = vim.uv.fs_stat(request.path)
  -- Checked again as late as possible: a link may have been created since the service's check.
  local is_same = paths.real(request.path) == vim.fs.normalize(request.path, { expand_env = false })
  if not name or not file or file.type ~= 'file' or not is_same then
    return { error = say('not_inside') }
  elseif file.size > LARGEST then
    return { error = say('too_large') }
  end
  local user = vim.api.nvim_get_current_win()
  local buffer = load(request.path)
  if vim.api.nvim_get_current_win() ~= user then
    -- An autocommand has moved the focus.
    vim.api.nvim_set_current_win(user)
  end
  local window = free_window(buffer)
  if window then
    if vim.api.nvim_win_get_buf(window) ~= buffer then
      vim.api.nvim_win_set_buf(window, buffer)
    end
  else
    local how = { split = 'above', win = window_to_split() }
    -- Raises if a small screen has no room for another window.
    local ok, opened = pcall(vim.api.nvim_open_win, buffer, false, how)
    if not ok then
      return { error = say('no_room') }
    end
    window = opened
  end
  local line = math.max(1, math.min(request.line or 1, vim.api.nvim_buf_line_count(buffer)))
  show_line(window, line)
  return { file = name, line = line }
end

return M
