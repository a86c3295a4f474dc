--- Knows whether the user is in this Neovim, and reports when they return, because messages go to the
--- latest used one, and when they leave, because notices go to their phone then.

local M = {
  --- Also in a terminal that does not report it.
  is_here = true,
  --- Milliseconds without a key after which the user counts as away.
  AWAY_AFTER = 2 * 60 * 1000,
  --- Milliseconds between two looks at the time of the last key.
  LOOK_EVERY = 10 * 1000,
}

local last_key = vim.uv.now()
local is_told_away ---@type boolean|nil what the service knows
local timer ---@type uv.uv_timer_t|nil

--- Whether the user is in no window of this Neovim, or has pressed no key for a while.
---@return boolean
function M.is_away()
  local is_idle = vim.uv.now() - last_key > M.AWAY_AFTER
  return not M.is_here or is_idle or #vim.api.nvim_list_uis() == 0
end

--- What the service has to know of it, see `host.hand_over`.
---@return { away: boolean }
function M.report()
  is_told_away = M.is_away()
  return { away = is_told_away }
end

--- Reports a change.
---@param is_return? boolean report it even if the user was not away: this Neovim is the latest used now
local function look(is_return)
  local host = require('dingbridge.host')
  if host.is_running() and (is_return or M.is_away() ~= is_told_away) then
    host.tell('focus', M.report())
  end
end

--- Notes the time of each key, and looks now and then whether it is long ago. Only once a host runs:
--- nobody else needs it.
function M.watch_keys()
  if timer then
    return
  end
  timer = assert(vim.uv.new_timer())
  last_key = vim.uv.now()
  timer:start(M.LOOK_EVERY, M.LOOK_EVERY, vim.schedule_wrap(look))
  vim.on_key(function()
    last_key = vim.uv.now()
    if is_told_away then
      vim.schedule(look)
    end
  end, vim.api.nvim_create_namespace('dingbridge_focus'))
end

function M.watch()
  local group = vim.api.nvim_create_augroup('dingbridge_focus', {})
  vim.api.nvim_create_autocmd({ 'FocusLost', 'VimSuspend' }, {
    group = group,
    callback = function()
      M.is_here = false
      look()
    end,
  })
  vim.api.nvim_create_autocmd({ 'FocusGained', 'VimResume' }, {
    group = group,
    callback = function()
      M.is_here = true
      last_key = vim.uv.now()
      look(true)
    end,
  })
end

return M
