--- Says what became of a message that was sent from outside of the chat, where no heading shows it.

local notice = require('dingbridge.notice')
local say = require('dingbridge.say')

local M = {}

--- `confirmed`: it is on disk, to be sent or to stay here; which of the two, an event may still say.
---@type table<string, 'handed_over'|'confirmed'|'queued'> by message id
local expected = {}

--- Handles a message that a command sends from the current window.
---@param id string
function M.expect(id)
  if vim.b.dingbridge_session == nil then
    expected[id] = 'handed_over'
  end
end

--- Handles that the service has a message, or has refused it and says so.
---@param id string
function M.drop(id)
  if expected[id] == 'handed_over' then
    expected[id] = 'confirmed'
  end
end

---@type table<string, fun(data: table<string, string>)>
local on_event = {
  DingbridgeQueued = function(data)
    expected[data.id] = 'queued'
  end,
  DingbridgeDelivered = function(data)
    local parts = { who = data.target_name, reason = data.reason }
    notice.show(say(data.reason == '' and 'sent_to' or 'sent_to_perhaps', parts))
  end,
  DingbridgeFailed = function(data)
    -- The service announces the failure of a queued message.
    if expected[data.id] == 'handed_over' then
      notice.show(say('was_not_sent', { reason = data.reason }), 'error')
    end
  end,
}

--- Handles an event of a message.
---@param name string
---@param data table<string, string>
function M.heard(name, data)
  if expected[data.id] and on_event[name] then
    on_event[name](data)
    if name ~= 'DingbridgeQueued' then
      expected[data.id] = nil
    end
  end
end

return M
