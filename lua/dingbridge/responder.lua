--- Runs a responder in Lua: `function(message, reply)`, which may call `reply` later and repeatedly.

local host = require('dingbridge.host')

local M = {}

--- The questions that were not answered yet: what was told with each, which goes back with every
--- reply, so that a later service knows where that belongs.
---@type table<string, table>
local open = {}

--- The questions that another Neovim answers: what the function says to them does not count.
---@type table<string, true>
local withdrawn = {}

--- Counts the hosts that are gone: what the function was asked by one of them was given up.
local lost = 0

--- The message that the function gets also has its `session`, and what that session began with:
--- `instructions`, `cwd` and `model`, empty when there is nothing; `files` are the paths of what came
--- along.
---@param update { request: string, session: string, message: dingbridge.Message, asked: table, instructions: string, cwd: string, model: string, files: string[] }
function M.ask(update)
  local message = vim.tbl_extend('force', update.message, {
    session = update.session,
    instructions = update.instructions,
    cwd = update.cwd,
    model = update.model,
    files = update.files,
  })
  local request, asked_by = update.request, lost
  local function tell(answer)
    open[request] = nil
    if asked_by == lost and not withdrawn[request] then
      local id = require('dingbridge.drafts').new_id()
      local known = { id = id, request = request, asked = update.asked }
      host.tell('reply', vim.tbl_extend('error', known, answer))
    end
  end
  local function reply(text)
    -- A responder may call back from a fast event, where only scheduled calls are allowed.
    vim.schedule(function()
      tell({ text = tostring(text) })
    end)
  end
  local answer = require('dingbridge').responder()
  if not answer then
    return
  end
  open[request], withdrawn[request] = update.asked, nil
  host.tell('taken', { request = request })
  -- The function is the user's: its mistake becomes an answer, not a broken bridge.
  local ok, err = pcall(answer, message, reply)
  if not ok then
    tell({ failure = tostring(err) })
  end
end

--- The questions that the function works on, for a new service.
---@return { request: string, asked: table }[]
function M.working()
  local questions = {}
  for request, asked in pairs(open) do
    questions[#questions + 1] = { request = request, asked = asked }
  end
  return questions
end

--- Another Neovim answers this question.
---@param request string
function M.withdraw(request)
  open[request], withdrawn[request] = nil, true
end

--- The host is gone, and with it all that the function was asked: others answer it.
function M.forget()
  open, lost = {}, lost + 1
end

return M
