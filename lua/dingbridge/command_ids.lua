--- Ids of messages, as commands take them.

local state = require('dingbridge.state')

local M = {}

--- The id of a message in the list of those that failed; nil if it is not there.
---@param message dingbridge.Message
---@return string|nil
local function failed_id(message)
  return vim.iter(state.outbox.failed):find(function(id)
    return id == message.id or vim.endswith(id, ':' .. message.id)
  end)
end

--- A message's id: with the account of its robot, unless that is the default one.
---@param session string
---@param message dingbridge.Message
---@return string
function M.of(session, message)
  local failed = failed_id(message)
  if failed then
    return failed
  end
  local known = state.destinations[session]
  local account = known and known.robot == message.robot and known.account or ''
  local is_default = account == '' or account == require('dingbridge').status().account
  return is_default and message.id or ('%s:%s'):format(account, message.id)
end

--- Whether a message failed and no outbox has it, so that no command can send it again: it got to no
--- robot, or to one that is not set up any more.
---@param message dingbridge.Message
---@return boolean
function M.is_out_of_reach(message)
  local lists_all = state.knows_outbox and require('dingbridge').status().failed <= #state.outbox.failed
  return message.delivery == 'failed' and (message.target == '' or lists_all) and not failed_id(message)
end

return M
