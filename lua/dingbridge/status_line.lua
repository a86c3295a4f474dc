--- The status line: short signs for link, queue, approvals and unread messages.

local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local LINK = { connecting = 'bar_connecting', waiting = 'bar_waiting' }

--- The state of link and queue, and what waits for an answer; empty when DingTalk is not set up and
--- nothing waits.
---@return string
function M.link()
  local status = require('dingbridge').status()
  local waits = #state.approvals > 0 and ('%d⚑'):format(#state.approvals) or nil
  if status.mode == 'off' then
    return waits or ''
  end
  local parts = { say('bar_dingtalk') }
  if status.mode == 'webhook' then
    parts[#parts + 1] = say('bar_one_way')
  elseif status.connected then
    parts[#parts + 1] = '●'
  else
    parts[#parts + 1] = status.link == 'off' and '○' or ('○ ' .. (LINK[status.link] and say(LINK[status.link]) or status.link))
  end
  local left = math.ceil(status.cool_down_until - os.time())
  if left > 0 and status.queued > 0 then
    parts[#parts + 1] = ('⏳%ds'):format(left)
  end
  if status.queued > 0 then
    parts[#parts + 1] = ('%d↑'):format(status.queued)
  end
  if status.failed > 0 then
    parts[#parts + 1] = ('%d✗'):format(status.failed)
  end
  if status.asking > 0 then
    parts[#parts + 1] = ('%d?'):format(status.asking)
  end
  parts[#parts + 1] = waits
  return table.concat(parts, ' ')
end

--- The same, with the number of unread messages.
---@return string
function M.text()
  local link, unread = M.link(), state.count_unread()
  if link == '' or unread == 0 then
    return link
  end
  return link .. ' ' .. say('unread_new', { count = unread })
end

return M
