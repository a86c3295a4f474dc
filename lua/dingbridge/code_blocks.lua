--- The fenced code blocks of messages: finds them, and draws their shade and frame.

local M = {}

local MOST = 200 -- blocks of one message that are drawn

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

--- Draws one side of the frame over a fence, which stays in the text.
---@param buffer integer
---@param namespace integer
---@param row integer
---@param line string
---@param frame string
---@param language string
local function cover(buffer, namespace, row, line, frame, language)
  local indent, fence, info = fence_of(line)
  local missing = vim.api.nvim_strwidth(fence .. info) - vim.api.nvim_strwidth(frame .. language)
  vim.api.nvim_buf_set_extmark(buffer, namespace, row, indent, {
    virt_text = { { frame .. language .. (' '):rep(missing), 'DingbridgeFrame' } },
    virt_text_pos = 'overlay',
    hl_mode = 'combine',
    undo_restore = false,
    strict = false,
  })
end

--- Draws the code blocks of a message.
---@param buffer integer
---@param namespace integer
---@param first integer row of the first line
---@param lines string[]
---@return dingbridge.CodeBlock[]
function M.draw(buffer, namespace, first, lines)
  local blocks = M.find(lines, first)
  for number = 1, math.min(#blocks, MOST) do
    local block = blocks[number]
    vim.api.nvim_buf_set_extmark(buffer, namespace, block.first, 0, {
      end_row = block.last + 1,
      end_col = 0,
      hl_group = 'DingbridgeCode',
      hl_eol = true,
      priority = 80,
      undo_restore = false,
      strict = false,
    })
    cover(buffer, namespace, block.first, lines[block.first - first + 1], '╭─ ', block.language)
    if block.is_closed then
      cover(buffer, namespace, block.last, lines[block.last - first + 1], '╰─', '')
    end
  end
  return blocks
end

return M
