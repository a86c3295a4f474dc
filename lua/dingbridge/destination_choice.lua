--- Lets the user choose the conversation that a session writes to.

local destination = require('dingbridge.destination')
local say = require('dingbridge.say')

local message_format = require('dingbridge.lazily')('dingbridge.message_format')

local M = {}

---@param session string
---@param chosen? dingbridge.Destination nil: the one that wrote last
---@param stays boolean whether it stays after this draft
local function choose(session, chosen, stays)
  if chosen then
    destination.choose(session, chosen)
  end
  require('dingbridge.host').tell('to', { session = session, destination = chosen, stays = stays })
end

--- Lets the user choose the conversation that a session writes to.
---@param session string
function M.pick(session)
  local _, known, named = destination.state(session)
  local entries = vim.list_slice(known.known)
  if known.chosen then
    entries[#entries + 1] = { target = '', name = say('whoever_writes_last'), robot = '' }
  end
  if #entries == 0 then
    local words = known.account == '' and 'not_bound_bind' or 'nobody_has_written'
    require('dingbridge.notice').show(say(words))
    return
  end
  vim.ui.select(entries, {
    prompt = say('write_to'),
    kind = 'dingbridge_destination',
    format_item = function(one)
      local name = message_format.one_line(one.name)
      return destination.is_same(one, named) and say('choice_now', { name = name }) or name
    end,
  }, function(one)
    if one then
      choose(session, one.target ~= '' and one or nil, true)
    end
  end)
end

--- Moves the draft to the conversation that wrote meanwhile; without one, lets the user choose.
---@param session string
function M.answer(session)
  local draft, _, named = destination.state(session)
  local elsewhere = draft.elsewhere
  if elsewhere and not destination.is_same(elsewhere, named) then
    choose(session, elsewhere, false)
  else
    M.pick(session)
  end
end

return M
