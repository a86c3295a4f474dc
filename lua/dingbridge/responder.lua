--- Runs a responder in Lua: `function(message, reply)`, which may call `reply` later and repeatedly.

local host = require('dingbridge.host')

local M = {}

--- The `asked` field of each unfinished request, which is returned with every reply, so that a later
--- service knows where it belongs.
---@type table<string, table>
local open = {}

--- Requests that another Neovim answers: replies of the function are ignored.
---@type table<string, true>
local withdrawn = {}

--- Counts ended hosts: requests of an earlier host are void.
local lost = 0

--- The function's message also has its `session`, and what that session was created with:
--- `instructions`, `cwd` and `model`, or empty; `files` are the paths of attachments.
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
    -- A responder may reply from a fast event, where only scheduled calls are allowed.
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
  -- An error in the user's function becomes a reply.
  local ok, err = pcall(answer, message, reply)
  if not ok then
    tell({ failure = tostring(err) })
  end
end

--- The unfinished requests, for a new service.
---@return { request: string, asked: table }[]
function M.working()
  local questions = {}
  for request, asked in pairs(open) do
    questions[#questions + 1] = { request = request, asked = asked }
  end
  return questions
end

--- Handles that another Neovim answers this request.
---@param request string
function M.withdraw(request)
  open[request], withdrawn[request] = nil, true
end

--- Drops all requests, because the host is gone: others answer them.
function M.forget()
  open, lost = {}, lost + 1
end

return M
