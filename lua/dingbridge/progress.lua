--- Shows the progress of something long in one message, which each step updates: as a progress message
--- where Neovim has them (0.12), else as a line of the message area.

local M = {}

local HAS_PROGRESS = vim.fn.has('nvim-0.12') == 1

--- Shows a step.
---@param what string
---@param text string one line that fits into the message area
---@param status 'running'|'success'|'failed'
function M.show(what, text, status)
  local opts = {}
  if HAS_PROGRESS then
    opts = { kind = 'progress', id = 'dingbridge.' .. what, source = 'dingbridge', status = status }
  end
  if HAS_PROGRESS or status == 'running' then
    vim.api.nvim_echo({ { text } }, false, opts)
  end
end

return M
