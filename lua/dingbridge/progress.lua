--- Shows the progress of something long in one message, which each step updates: as a progress message
--- where Neovim has them (0.12), else as a line of the message area; in a corner without such a line.

local M = {}

local HAS_PROGRESS = vim.fn.has('nvim-0.12') == 1

--- Whether a message needs no key press: there is a line for it, or a plugin shows messages.
---@return boolean
local function has_place()
  return vim.o.cmdheight > 0
    or vim.iter(vim.api.nvim_list_uis()):any(function(ui)
      return ui.ext_messages
    end)
end

--- Shows a step.
---@param what string
---@param text string one line that fits into the message area
---@param status 'running'|'success'|'failed'
function M.show(what, text, status)
  local opts = {}
  if HAS_PROGRESS then
    opts = { kind = 'progress', id = 'dingbridge.' .. what, source = 'dingbridge', status = status }
  end
  if not has_place() then
    if status == 'running' then
      require('dingbridge.corner').show(text, vim.log.levels.INFO)
    end
  elseif HAS_PROGRESS or status == 'running' then
    vim.api.nvim_echo({ { text } }, false, opts)
  end
end

return M
