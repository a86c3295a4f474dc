--- Marks before what was received: a picture or another file. The text itself stays as it is.

local M = {}

-- Terminals agree that these are two columns wide, as they do not of 🖼.
local PICTURE, FILE = '📷 ', '📎 '

local namespace = vim.api.nvim_create_namespace('dingbridge_files')

--- Where the link begins whose label ends at a bracket.
---@param line string
---@param ending integer byte of the closing bracket
---@return integer|nil
local function beginning(line, ending)
  for at = ending - 1, 1, -1 do
    if line:sub(at, at) == '[' and line:sub(at - 1, at - 1) ~= '\\' then
      return at
    end
  end
end

--- Marks the links to files that were received.
---@param buffer integer
---@param first integer row of the first line, zero-based
---@param lines string[]
function M.mark(buffer, first, lines)
  local folder = vim.fs.joinpath(vim.fn.stdpath('data'), 'dingbridge', 'media') .. '/'
  for number, line in ipairs(lines) do
    for ending, target in line:gmatch('()%]%(<?()') do
      local at = line:sub(target, target + #folder - 1) == folder and beginning(line, ending)
      if at then
        local is_picture = line:sub(at - 1, at - 1) == '!'
        local column = is_picture and at - 2 or at - 1
        vim.api.nvim_buf_set_extmark(buffer, namespace, first + number - 1, column, {
          virt_text = { { is_picture and PICTURE or FILE, 'DingbridgeNotice' } },
          virt_text_pos = 'inline',
          undo_restore = false,
        })
      end
    end
  end
end

--- Takes all marks away.
---@param buffer integer
function M.clear(buffer)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
end

return M
