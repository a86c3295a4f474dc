--- Describes a message in words: what became of it and why, where it goes, when, and its id.

local say = require('dingbridge.say')
local message_format = require('dingbridge.message_format')

local M = {}

local ABOUT = {
  unsaved = 'about_unsaved',
  queued = 'about_queued',
  sending = 'about_sending',
  retrying = 'about_retrying',
  sent = 'about_sent',
  failed = 'about_failed',
  recalled = 'about_recalled',
}

---@param message dingbridge.Message
---@return string
local function place(message)
  local name = message_format.one_line(message.target_name)
  local address = message_format.one_line(message.target)
  return name ~= '' and say('place_and_address', { name = name, address = address }) or address
end

--- The lines, as one text.
---@param session string
---@param message dingbridge.Message
---@return string
function M.text(session, message)
  local is_received = message.role == 'dingtalk'
  local name = is_received and 'about_received' or ABOUT[message.delivery] or 'about_here'
  local key
  if require('dingbridge.command_ids').is_out_of_reach(message) then
    key = require('dingbridge.keys').first('retry')
    name = key and 'about_out_of_reach_key' or 'about_out_of_reach'
  end
  local lines = { say(name, { id = message.id, key = key }) }
  if require('dingbridge.answering').is_asked(session, message.id) then
    lines[#lines + 1] = say('about_answering')
  end
  if message.reason ~= '' then
    lines[#lines + 1] = say('about_reason', { reason = message.reason })
  end
  if message.target ~= '' then
    lines[#lines + 1] = say(is_received and 'about_from' or 'about_to', { place = place(message) })
  end
  local time = os.date('%Y-%m-%d %H:%M:%S', math.floor(message.time))
  vim.list_extend(lines, { say('about_time', { time = time }), say('about_id', { id = message.id }) })
  return table.concat(lines, '\n')
end

return M
