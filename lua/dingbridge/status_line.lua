--- The status line: short signs for link, queue and unread messages.

local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

--- The state of link and queue; empty when DingTalk is not set up.
---@return string
function M.link()
  local status = require('dingbridge').status()
  if status.mode == 'off' then
    return ''
  end
  local parts = { 'DingTalk' }
  if status.mode == 'webhook' then
    parts[#parts + 1] = 'one-way'
  elseif status.connected then
    parts[#parts + 1] = '●'
  else
    parts[#parts + 1] = status.link == 'off' and '○' or ('○ ' .. status.link)
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
