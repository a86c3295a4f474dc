--- Draws the blocks of a message that Markdown's own highlighting leaves as they are: headings without
--- `#`, code blocks with a frame, tables with straight columns.

local code_blocks = require('dingbridge.code_blocks')
local tables = require('dingbridge.tables')

local M = {}

local MOST_HEADINGS = 300

---@param blocks dingbridge.CodeBlock[]
---@return fun(row: integer): boolean
local function membership(blocks)
  local rows = {}
  for _, block in ipairs(blocks) do
    for row = block.first, block.last do
      rows[row] = true
    end
  end
  return function(row)
    return rows[row] == true
  end
end

--- Draws the blocks of a message, whose other marks are set already.
---@param buffer integer
---@param namespace integer
---@param first integer row of the first line
---@param lines string[]
---@param width integer columns of the window
function M.draw(buffer, namespace, first, lines, width)
  local is_code = membership(code_blocks.draw(buffer, namespace, first, lines))
  local headings = 0
  for number, line in ipairs(lines) do
    local row = first + number - 1
    local signs = line:match('^ ? ? ?##?#?#?#?#?[ \t]+()%S')
    if signs and headings < MOST_HEADINGS and not is_code(row) then
      headings = headings + 1
      local decoration = { end_col = signs - 1, conceal = '', undo_restore = false, strict = false }
      vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, decoration)
      decoration = { end_col = #line, hl_group = '@markup.heading', priority = 90, undo_restore = false }
      vim.api.nvim_buf_set_extmark(buffer, namespace, row, signs - 1, decoration)
    end
  end
  tables.draw(buffer, namespace, first, lines, is_code, width)
end

return M
