--- `:Chat messages`: the notices so far, each with its time and, in words, its level.

local notice = require('dingbridge.notice')
local report_window = require('dingbridge.report_window')
local say = require('dingbridge.say')

local M = {}

local LEVELS = {
  [vim.log.levels.INFO] = 'level_info',
  [vim.log.levels.WARN] = 'level_warn',
  [vim.log.levels.ERROR] = 'level_error',
}

local TODAY, EARLIER = '%H:%M:%S', '%Y-%m-%d %H:%M:%S'

---@param time integer
---@return string
local function clock(time)
  local is_today = os.date('%Y-%m-%d') == os.date('%Y-%m-%d', time)
  return tostring(os.date(is_today and TODAY or EARLIER, time))
end

--- Shows the report.
---@param again? boolean whether it is on the screen already
function M.show(again)
  local lines = {}
  for _, said in ipairs(notice.said) do
    if not said.is_report then
      local text = said.text:gsub('\n', '\n    ')
      local row = ('%s  %s  %s'):format(clock(said.time), say(LEVELS[said.level]), text)
      lines[#lines + 1] = { text = row, message = '' }
    end
  end
  if #lines == 0 then
    lines = { { text = say('no_messages'), message = '' } }
  end
  report_window.show({ name = 'messages', lines = lines, again = again or false })
end

return M
