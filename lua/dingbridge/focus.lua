--- Knows whether the user is in this Neovim, and reports when they return, because messages go to the
--- latest used one.

local M = {
  --- Also in a terminal that does not report it.
  is_here = true,
}

function M.watch()
  local group = vim.api.nvim_create_augroup('dingbridge_focus', {})
  vim.api.nvim_create_autocmd({ 'FocusLost', 'VimSuspend' }, {
    group = group,
    callback = function()
      M.is_here = false
    end,
  })
  vim.api.nvim_create_autocmd({ 'FocusGained', 'VimResume' }, {
    group = group,
    callback = function()
      M.is_here = true
      local host = require('dingbridge.host')
      if host.is_running() then
        host.tell('focus', {})
      end
    end,
  })
end

return M
