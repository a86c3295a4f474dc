--- Starts the host without a command, so that messages arrive, if a session is bound in this folder or
--- sessions are created on demand. Reads only the state file.

local M = {}

--- The file in which the service stores bindings.
local STATE_FILE = 'chat-dingtalk-state.json'
local LARGEST = 64 * 1024 * 1024 -- bytes; the service does not write larger files

--- Reads a file without blocking the editor. Anything but a regular file, which could block, counts as
--- missing.
---@param path string
---@param read fun(text: string) called in a fast event, and only when there is something to read
local function read_later(path, read)
  vim.uv.fs_stat(path, function(_, file)
    if not file or file.type ~= 'file' or file.size > LARGEST then
      return
    end
    vim.uv.fs_open(path, 'r', 0, function(_, descriptor)
      if not descriptor then
        return
      end
      vim.uv.fs_read(descriptor, file.size, 0, function(_, text)
        vim.uv.fs_close(descriptor)
        if text then
          read(text)
        end
      end)
    end)
  end)
end

--- The service's name for a robot in its files; the same as `core.delivery.routing.robot_name`.
---@param app_key string
---@return string
local function robot_name(app_key)
  return vim.fn.sha256(app_key):sub(1, 16)
end

--- Whether the state file has a session that is bound in this folder to the robot of an account.
---@param text string the state file
---@param accounts dingbridge.Foreseen[]
---@return boolean
local function is_bound_here(text, accounts)
  local ok, state = pcall(vim.json.decode, text) -- a damaged file is the service's to tell of
  local bindings = ok and type(state) == 'table' and state.bindings
  if type(bindings) ~= 'table' then
    return false
  end
  local robots, any = {}, false
  for _, account in ipairs(accounts) do
    any = any or not account.app_key
    robots[account.app_key and robot_name(account.app_key) or ''] = true
  end
  local here = vim.fn.getcwd()
  for _, binding in pairs(bindings) do
    -- A session that was made on demand has a scope; it belongs to no folder.
    local is_ours = type(binding) == 'table' and binding.cwd == here and (binding.scope or '') == ''
    if is_ours and (any or robots[binding.robot]) then
      return true
    end
  end
  return false
end

--- Calls back once Neovim has started and drawn its screen, so that the user does not wait.
---@param call fun()
local function once_started(call)
  local group = vim.api.nvim_create_augroup('dingbridge_autostart', {})
  if vim.v.vim_did_enter == 1 then
    vim.schedule(call)
    return
  end
  local function on(event, callback)
    vim.api.nvim_create_autocmd(event, { group = group, once = true, callback = callback })
  end
  on('VimEnter', function()
    if #vim.api.nvim_list_uis() == 0 then
      vim.schedule(call)
    else
      on('UIEnter', vim.schedule_wrap(call))
    end
  end)
end

---@type dingbridge.Foreseen[] those that can receive
local wanted = {}

local function look()
  local host = require('dingbridge.host')
  if wanted[1] == nil or host.is_running() then
    return
  end
  for _, account in ipairs(wanted) do
    if account.on_demand then
      host.start_unasked()
      return
    end
  end
  read_later(vim.fs.joinpath(vim.fn.stdpath('data'), STATE_FILE), function(text)
    vim.schedule(function()
      if is_bound_here(text, wanted) then
        host.start_unasked()
      end
    end)
  end)
end

--- Starts the host if one of these accounts needs it, soon after Neovim has started. A later call
--- replaces an earlier one.
---@param accounts dingbridge.Foreseen[]
function M.plan(accounts)
  wanted = vim.tbl_filter(function(account)
    return account.mode == 'api' or account.mode == 'unknown'
  end, accounts)
  once_started(look)
end

return M
