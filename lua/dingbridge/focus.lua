--- Reports when the user returns to this Neovim, because messages go to the latest used one.

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
