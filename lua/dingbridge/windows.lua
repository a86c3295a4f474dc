--- The windows of the editor: in the order of their last use, those of a buffer, their width, and
--- whether they show files.

local M = {}

--- Whether a buffer shows a file: not a chat, terminal, help, or a plugin's buffer.
---@param buffer integer
---@return boolean
function M.is_file(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  return name ~= ''
    and vim.bo[buffer].buftype == ''
    and not name:match('^%a[%w+.-]+://')
end

--- The windows of the tab page that show a buffer.
---@param buffer integer
---@return integer[]
function M.of(buffer)
  return vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_buf(window) == buffer
  end, vim.api.nvim_tabpage_list_wins(0))
end

--- The signs that Neovim itself draws, for windows of the plugin: those of the user, but nothing
--- below the text, and three dots where the last line is cut.
---@return string
function M.fillchars()
  local own = 'eob: ,lastline:.'
  return vim.go.fillchars == '' and own or ('%s,%s'):format(vim.go.fillchars, own)
end

--- The columns that the text of a window has.
---@param window integer
---@return integer
function M.text_width(window)
  return vim.api.nvim_win_get_width(window) - vim.fn.getwininfo(window)[1].textoff
end

---@param window integer
---@return boolean
local function floats(window)
  return vim.api.nvim_win_get_config(window).relative ~= ''
end

--- All windows but floating ones, the most recently used first, those of other tab pages last.
---@return integer[]
function M.recent()
  local rank = {}
  for _, buffer in ipairs(vim.fn.getbufinfo()) do
    rank[buffer.bufnr] = buffer.lastused
  end
  local current = vim.api.nvim_get_current_win()
  local previous = vim.fn.win_getid(vim.fn.winnr('#'))
  local here = vim.api.nvim_get_current_tabpage()
  local function key(window)
    local used = rank[vim.api.nvim_win_get_buf(window)] or 0
    local is_here = vim.api.nvim_win_get_tabpage(window) == here
    return window == current and 3 or window == previous and 2 or is_here and 1 or 0, used
  end
  local found = vim.tbl_filter(function(window)
    return not floats(window)
  end, vim.api.nvim_list_wins())
  table.sort(found, function(one, other)
    local group, used = key(one)
    local other_group, other_used = key(other)
    if group ~= other_group then
      return group > other_group
    elseif used ~= other_used then
      return used > other_used
    end
    return one < other
  end)
  return found
end

return M
