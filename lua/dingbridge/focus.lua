--- Tells when the user comes back to this Neovim: what comes for several is for the one used last.

local M = {}

function M.watch()
  vim.api.nvim_create_autocmd({ 'FocusGained', 'VimResume' }, {
    group = vim.api.nvim_create_augroup('dingbridge_focus', {}),
    callback = function()
      local host = require('dingbridge.host')
      if host.is_running() then
        host.tell('focus', {})
      end
    end,
  })
end

return M
