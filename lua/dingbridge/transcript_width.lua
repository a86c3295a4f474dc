--- The width for which the fates and reasons of a transcript are laid out.

local windows = require('dingbridge.windows')

local M = {}

--- The width that fits all windows of a transcript, limited for readability.
---@param buffer integer
---@return integer
function M.of(buffer)
  local width = 74
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    width = math.min(width, windows.text_width(window))
  end
  return width
end

--- The width for which a heading is laid out now.
---@param view dingbridge.View
---@return integer
function M.of_view(view)
  local width = M.of(view.buffer)
  view.width = (not view.width or view.width == width) and width or 0
  return width
end

return M
