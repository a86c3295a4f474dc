--- The component `dingbridge` of lualine: the short text of `require('dingbridge').statusline()`.

local M = require('lualine.component'):extend()

function M.update_status()
  return require('dingbridge').statusline()
end

return M
