--- The part of `:checkhealth dingbridge` about settings. A separate Python process reads them as the
--- host would, without running programs or using the network.

local host = require('dingbridge.host')
local host_settings = require('dingbridge.host_settings')
local python = require('dingbridge.python')

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {
  --- Milliseconds in which Python must read the settings.
  answer_within = 5000,
}

---@class dingbridge.HealthRow
---@field rank 'ok'|'info'|'warn'|'error'
---@field text string
---@field advice string[]

--- Python's rows about the settings, or about another part.
---@param part 'settings'|'files'|'agents'
---@param problems string[] what the editor finds wrong
---@param within integer milliseconds
---@return dingbridge.HealthRow[]? rows nil when it does not answer
function M.rows(part, problems, within)
  local chosen = host.python()
  local settings = vim.tbl_extend('error', host_settings.settings(), {
    problems = problems,
    language = require('dingbridge').language(),
    data = vim.fn.stdpath('data'),
    log = vim.fs.joinpath(vim.fn.stdpath('log') --[[@as string]], 'dingbridge.log'),
  })
  -- Raises if Python cannot be started or its answer is invalid.
  local ok, rows = pcall(function()
    local how = { stdin = vim.json.encode(settings), timeout = within, cwd = python.FOLDER }
    local ended = vim.system(python.command(chosen, part), how):wait(within + 500)
    return vim.json.decode(ended.stdout)
  end)
  return ok and rows or nil
end

--- Reports on the settings in effect.
---@return boolean are_good whether nothing is wrong with them
function M.check()
  local problems = require('dingbridge').problems()
  local rows = M.rows('settings', problems, M.answer_within)
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
