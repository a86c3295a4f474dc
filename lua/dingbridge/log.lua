--- Shows the log, and follows its end while the cursor is there.

local M = {}

local EVERY = 300 -- milliseconds between two checks of the file

---@param window integer
---@param buffer integer
local function to_end(window, buffer)
  vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
end

---@param buffer integer
local function read_again(buffer)
  local last = vim.api.nvim_buf_line_count(buffer)
  local following = vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == last
  end, vim.fn.win_findbuf(buffer))
  vim.cmd('silent! checktime ' .. buffer)
  for _, window in ipairs(following) do
    to_end(window, buffer)
  end
end

--- Reads the file again whenever it has changed, as long as the buffer is loaded.
---@param buffer integer
---@param path string
local function follow(buffer, path)
  local poll = assert(vim.uv.new_fs_poll())
  local function look()
    if vim.api.nvim_buf_is_loaded(buffer) then
      read_again(buffer)
    end
  end
  poll:start(path, EVERY, vim.schedule_wrap(look))
  -- The first check finds nothing new; this one finds what was added since the buffer was read.
  vim.uv.fs_stat(path, vim.schedule_wrap(look))
  vim.api.nvim_create_autocmd('BufUnload', {
    buffer = buffer,
    once = true,
    callback = function()
      poll:close()
    end,
  })
end

--- Shows the log in a new tab page, or where it is already shown.
---@param path string
function M.open(path)
  local buffer = vim.fn.bufnr('^' .. vim.fn.escape(path, '[]*?,{}\\') .. '$')
  local window = vim.fn.win_findbuf(buffer)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    -- No modelines: other people wrote parts of the log.
    vim.bo[vim.fn.bufadd(path)].modeline = false
    vim.cmd.tabedit(vim.fn.fnameescape(path))
    window, buffer = vim.api.nvim_get_current_win(), vim.api.nvim_get_current_buf()
    vim.bo[buffer].bufhidden = 'wipe'
    vim.bo[buffer].autoread = true
    vim.bo[buffer].readonly = true
    vim.bo[buffer].swapfile = false
    follow(buffer, path)
  end
  to_end(window, buffer)
end

return M
