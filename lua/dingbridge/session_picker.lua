--- Lets the user choose a session.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

---@param session dingbridge.Session
---@return string
local function row(session)
  local parts = { message_format.one_line(session.title) }
  if session.bound then
    parts[#parts + 1] = '(DingTalk)'
  end
  local unread = state.count_unread(session.id)
  if unread > 0 then
    parts[#parts + 1] = say('unread_new', { count = unread })
  end
  return table.concat(parts, '  ')
end

--- Shows the list of sessions, and opens the chosen one.
function M.pick()
  if #state.sessions == 0 then
    require('dingbridge.notice').show(say('no_session'))
    return
  end
  vim.ui.select(state.sessions, { prompt = say('sessions'), format_item = row }, function(session)
    if session then
      require('dingbridge.host').tell('open', { session = session.id })
    end
  end)
end

return M
