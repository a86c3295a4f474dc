--- The lines that show a request for approval: who wants to do what, and all of its arguments or diff.

local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

local M = {}

-- The words of code blocks that are ours; any other word is shown, since an agent may have written it.
local WORDS = { [''] = true, diff = true, json = true }
local SIGNS = { ['+'] = 'DingbridgeAdded', ['-'] = 'DingbridgeRemoved', ['@'] = 'DingbridgeBar' }

--- The lines of a request, and which of them are lines of a diff.
---@param approval dingbridge.Approval
---@param width integer columns
---@return string[] lines
---@return table<integer, string> groups highlight group by line, counted from 1
function M.lines(approval, width)
  local lines = wrap.lines(say('approval_wants', { source = approval.source, title = approval.title }), width)
  local groups = {}
  for number in ipairs(lines) do
    groups[number] = 'DingbridgeTitle'
  end
  if approval.detail == '' then
    return lines, groups
  end
  lines[#lines + 1] = ''
  local first = #lines
  local fence, is_diff
  local is_gap = false -- empty lines that are left out around a fence
  for _, text in ipairs(vim.split(vim.trim(approval.detail), '\n', { plain = true })) do
    local marks, word = text:match('^(```+)(%w*)%s*$')
    local is_end = fence and marks == fence and word == ''
    local is_start = not fence and marks
    if is_end then
      fence, is_diff, is_gap = nil, false, true
    elseif is_start then
      fence, is_diff = marks, word == 'diff'
      while #lines > first and lines[#lines] == '' do
        lines[#lines] = nil
      end
    end
    is_gap = is_gap and (is_end or text == '') ---@type boolean
    if not is_gap and not is_end and not (is_start and WORDS[word]) then
      lines[#lines + 1] = text
      groups[#lines] = is_diff and SIGNS[text:sub(1, 1)] or nil
    end
  end
  return lines, groups
end

return M
