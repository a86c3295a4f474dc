--- Ids of messages, as commands take them.

local state = require('dingbridge.state')

local M = {}

local LATEST = 20 -- messages of a session that are offered

--- A message's id: with the account of its robot, unless that is the default one.
---@param session string
---@param message dingbridge.Message
---@return string
function M.of(session, message)
  for _, id in ipairs(state.outbox.failed) do
    if id == message.id or vim.endswith(id, ':' .. message.id) then
      return id
    end
  end
  local known = state.destinations[session]
  local account = known and known.robot == message.robot and known.account or ''
  local is_default = account == '' or account == require('dingbridge').status().account
  return is_default and message.id or ('%s:%s'):format(account, message.id)
end

--- Whether a message failed before it got to a robot: for want of a conversation. No command can send
--- it again.
---@param message dingbridge.Message
---@return boolean
function M.has_never_left(message)
  return message.delivery == 'failed'
    and message.target == ''
    and not vim.iter(state.outbox.failed):any(function(id)
      return id == message.id or vim.endswith(id, ':' .. message.id)
    end)
end

--- Those of the latest messages that were sent from a session, newest first.
---@param session string
---@return string[]
function M.sent(session)
  local transcript, ids = state.transcripts[session], {}
  local list = transcript and transcript.list or {}
  for number = #list, math.max(1, #list - LATEST + 1), -1 do
    if list[number].delivery == 'sent' then
      ids[#ids + 1] = M.of(session, list[number])
    end
  end
  return ids
end

return M
