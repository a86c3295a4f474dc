--- The part of `:checkhealth dingbridge` about settings. Python reads them as the host would, in a
--- process of its own that runs no program and reaches nothing.

local host = require('dingbridge.host')
local host_settings = require('dingbridge.host_settings')
local python = require('dingbridge.python')

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {
  --- Milliseconds that Python may take to read the settings.
  answer_within = 5000,
}

---@class dingbridge.HealthRow
---@field rank 'ok'|'info'|'warn'|'error'
---@field text string
---@field advice string[]

--- What Python says of the settings.
---@param problems string[] what the editor finds wrong
---@return dingbridge.HealthRow[]? rows nil when it does not answer
local function ask(problems)
  local chosen = host.python()
  local settings = vim.tbl_extend('error', host_settings.settings(), { problems = problems })
  -- What cannot be started raises, and so does an answer that is none.
  local ok, rows = pcall(function()
    local how = { stdin = vim.json.encode(settings), timeout = M.answer_within, cwd = python.FOLDER }
    local ended = vim.system(python.command(chosen, 'settings'), how):wait(M.answer_within + 500)
    return vim.json.decode(ended.stdout)
  end)
  return ok and rows or nil
end

--- Reports on the settings in force.
---@return boolean are_good whether nothing is wrong with them
function M.check()
  local problems = require('dingbridge').problems()
  local rows = ask(problems)
  if not rows then
    rows = vim.tbl_map(function(problem)
      return { rank = 'error', text = problem, advice = { say('correct_see', { help = ':help dingbridge-options' }) } }
    end, problems)
    rows[#rows + 1] = { rank = 'warn', text = say('checked_later') }
  end
  for _, row in ipairs(rows) do
    health[row.rank](row.text, row.advice and row.advice[1] and row.advice or nil)
  end
  return #rows == 0 or rows[1].rank ~= 'error'
end

return M
