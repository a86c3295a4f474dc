--- The part of `:checkhealth dingbridge` about files: are they writable, and who can read them? A
--- separate Python process looks at them.

local settings = require('dingbridge.health.settings')

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {}

--- Reports on the data folder, the permissions in it, and the log.
function M.check()
  local rows = settings.rows('files', {}, settings.answer_within)
  if not rows then
    health.info(say('files_later'))
  end
  for _, row in ipairs(rows or {}) do
    health[row.rank](row.text, row.advice and row.advice[1] and row.advice or nil)
  end
end

return M
