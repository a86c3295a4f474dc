--- The fenced code blocks of messages.

local M = {}

---@class dingbridge.CodeBlock
---@field first integer row of its opening fence, zero-based
---@field last integer row of its closing fence; its last row if it is not closed
---@field is_closed boolean
---@field language string empty if none is named
---@field lines string[] the code without its fences

---@param line string
---@return integer|nil indent bytes before the fence
---@return string|nil fence
---@return string|nil info what follows it
local function fence_of(line)
  local indent, fence, info = line:match('^([ \t]*)(```+)([^`]*)$')
  if not fence then
    indent, fence, info = line:match('^([ \t]*)(~~~+)(.*)$')
  end
  if fence then
    return #indent, fence, vim.trim(info)
  end
end

--- The code blocks of a message.
---@param lines string[]
---@param row? integer of the first line; 0 if not given
---@return dingbridge.CodeBlock[]
function M.find(lines, row)
  row = row or 0
  local blocks = {} ---@type dingbridge.CodeBlock[]
  local open, opened, inside = nil, '', 0 -- the open block, its fence and its indentation
  for number, line in ipairs(lines) do
    local indent, fence, info = fence_of(line)
    if open and fence and info == '' and vim.startswith(fence, opened) then
      open.last, open.is_closed, open = row + number - 1, true, nil
    elseif open then
      open.last = row + number - 1
      open.lines[#open.lines + 1] = line:sub(math.min(inside, #line:match('^[ \t]*')) + 1)
    elseif fence then
      opened, inside = fence, indent
      open = {
        first = row + number - 1,
        last = row + number - 1,
        is_closed = false,
        language = info:match('^[^%s{]*'),
        lines = {},
      }
      blocks[#blocks + 1] = open
    end
  end
  -- The empty line behind a message is not part of a block that it leaves open.
  while open and open.lines[1] and open.lines[#open.lines] == '' do
    open.lines[#open.lines] = nil
    open.last = open.last - 1
  end
  return blocks
end

--- The code block at a row of a transcript or a draft; nil outside of one.
---@param buffer integer
---@param row integer zero-based
---@return dingbridge.CodeBlock|nil
function M.at(buffer, row)
  local first, last = 0, vim.api.nvim_buf_line_count(buffer)
  if require('dingbridge.buffers').of(buffer) == 'transcript' then
    local rows = require('dingbridge.message_rows')
    local headings = require('dingbridge.message_format').namespace
    local heading = rows.mark_at(buffer, headings, row)
    if not heading then
      return nil
    end
    first, last = heading[2] + 1, rows.ends(buffer, headings, heading[2])
  end
  for _, block in ipairs(M.find(vim.api.nvim_buf_get_lines(buffer, first, last, false), first)) do
    if block.first <= row and row <= block.last then
      return block
    end
  end
end

return M
