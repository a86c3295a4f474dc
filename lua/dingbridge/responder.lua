--- Lets a Lua function answer: `function(message, reply)`, which may call `reply` later and often.

local host = require('dingbridge.host')

local M = {}

--- The message that the function gets also has its `session`, and what that session began with:
--- `instructions`, `cwd` and `model`, empty when there is nothing; `files` are the paths of what came
--- along.
---@param update { request: string, session: string, message: dingbridge.Message, instructions: string, cwd: string, model: string, files: string[] }
function M.ask(update)
  local message = vim.tbl_extend('force', update.message, {
    session = update.session,
    instructions = update.instructions,
    cwd = update.cwd,
    model = update.model,
    files = update.files,
  })
  local function reply(text)
    -- A responder may call back from a fast event, where only scheduled calls are allowed.
    vim.schedule(function()
      host.tell('reply', { request = update.request, text = tostring(text) })
    end)
  end
  local answer = require('dingbridge').responder()
  if not answer then
    return
  end
  -- The function is the user's: its mistake becomes an answer, not a broken bridge.
  local ok, err = pcall(answer, message, reply)
  if not ok then
    host.tell('reply', { request = update.request, failure = tostring(err) })
  end
end

return M
