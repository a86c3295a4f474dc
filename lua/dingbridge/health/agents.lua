--- The part of `:checkhealth dingbridge` about coding agents. A separate Python process starts those
--- that are there, and has them answer.

local rows_of = require('dingbridge.health.settings').rows

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {
  --- Milliseconds in which all agents must have answered, or failed to.
  answer_within = 15000,
}

--- Reports on the agents.
function M.check()
  local rows = rows_of('agents', {}, M.answer_within)
  if not rows then
    health.info(say('agents_later'))
  end
  for _, row in ipairs(rows or {}) do
    health[row.rank](row.text, row.advice and row.advice[1] and row.advice or nil)
  end
end

return M
