--- The legend of the status line's signs, for the report of the status.

local say = require('dingbridge.say')

local M = {}

--- Each sign, as it stands in the status line, and the sentence that explains it.
local SIGNS = {
  { '●', 'sign_connected' },
  { '○', 'sign_not_connected' },
  { 'one-way', 'sign_one_way' },
  { '⏳', 'sign_pause' },
  { '↑', 'sign_queued' },
  { '✗', 'sign_failed' },
  { '?', 'sign_asking' },
}

--- Lines of a report about the signs that the status line has now; none when it is empty.
---@return { text: string, message: string }[]
function M.lines()
  local status_line, lines = require('dingbridge').statusline(), {}
  for _, sign in ipairs(SIGNS) do
    if status_line:find(sign[1], 1, true) then
      lines[#lines + 1] = { text = ('  %s  %s'):format(sign[1], say(sign[2])), message = '' }
    end
  end
  if lines[1] then
    table.insert(lines, 1, { text = say('signs'), message = '' })
  end
  return lines
end

--- Adds the legend to a report of the status: before the options with their sources, which stand
--- indented at its end, else at its end.
---@param report { text: string, message: string }[]
function M.add(report)
  local first = #report + 1
  while first > 1 and vim.startswith(report[first - 1].text, '  ') do
    first = first - 1
  end
  if first <= 2 then
    first = #report + 1 -- problems of the settings, which belong to the first line
  end
  for number, line in ipairs(M.lines()) do
    table.insert(report, first + number - 1, line)
  end
end

return M
