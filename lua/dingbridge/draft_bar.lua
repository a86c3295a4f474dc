--- The line above a draft: the conversation that it is for, who else wrote, and the key that sends.

local destination = require('dingbridge.destination')
local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local cut = require('dingbridge.wrap').cut

local M = {}

local NAME = 36 -- columns of a name, at most
local LEAST = 4 -- columns of a name, at least
local NAME_HERE = '\1' -- placeholder of the name in a sentence; no name contains it

--- Text escaped for a bar.
---@param text string
---@return string
local function as_text(text)
  return (text:gsub('%%', '%%%%'))
end

--- A conversation's name for a bar, shortened before the kind of the conversation, because people
--- choose only the name.
---@param name string
---@return string
local function shown(name)
  local text = message_format.one_line(name)
  local label, kind = text:match('^(.*)( %([^()]*%))$')
  label, kind = label or text, kind or ''
  return cut(label, math.max(NAME - vim.api.nvim_strwidth(kind), NAME / 2)) .. kind
end

--- The first of the wordings that fits; nil without one.
---@param wordings string[]
---@param columns integer
---@return string
local function fitting(wordings, columns)
  for _, words in ipairs(wordings) do
    if vim.api.nvim_strwidth(words) <= columns then
      return words
    end
  end
  return ''
end

--- The sentence with the destination, which says as well when the user's choice decides it: that the
--- session stays with it, or that it is for this text alone.
---@param known dingbridge.Destinations
---@param to dingbridge.Destination
---@param name? string in the bar; nil without a destination
---@return string
local function sentence_of(known, to, name)
  if not name then
    return say('draft') .. NAME_HERE
  elseif not known.chosen then
    return say('draft_to', { name = NAME_HERE })
  end
  local is_chosen = destination.is_same(to, known.current)
  local words = say(is_chosen and 'draft_to_chosen' or 'draft_to_once', { name = NAME_HERE })
  local room = vim.api.nvim_win_get_width(0) - vim.api.nvim_strwidth(name) - 2
  if vim.api.nvim_strwidth((words:gsub(NAME_HERE, ''))) <= room then
    return words
  end
  return say(is_chosen and 'chosen_to' or 'once_to', { name = NAME_HERE })
end

--- The line above a draft: where it goes, and who else wrote.
---@param session string
---@param key? string that sends
---@return string
function M.text(session, key)
  local draft, known, to = destination.state(session)
  local name = to.target ~= '' and shown(to.name) or known.account ~= '' and say('nobody_yet') or nil
  -- The name has its own colour, wherever it is in the sentence.
  local place, after = unpack(vim.split('  ' .. sentence_of(known, to, name), NAME_HERE, { plain = true }))
  name = name or ''
  local room = vim.api.nvim_win_get_width(0) - vim.api.nvim_strwidth(place .. name .. after) - 3
  local line = ('%%#DingbridgeBar#%s%%#DingbridgeDestination#%s%%<'):format(as_text(place), as_text(name))
  line = after == '' and line or ('%s%%#DingbridgeBar#%s'):format(line, as_text(after))
  local elsewhere, hints = draft.elsewhere, nil
  if to.target ~= '' and known.account == '' then
    hints = { say('unbound_now'), say('not_bound') }
  elseif to.target ~= '' and to.robot ~= known.robot then
    hints = { say('other_robot_now'), say('other_robot') }
  elseif elsewhere and not destination.is_same(elsewhere, to) then
    local who = shown(elsewhere.name)
    local answer = require('dingbridge.keys').first('answer')
    local parts = { who = who, key = answer }
    hints = { say('other_wrote_only', parts) }
    if answer then
      local short = ('%s: %s'):format(answer, cut(who, math.max(LEAST, room - #answer - #': ')))
      hints = { say('other_wrote_goes', parts), say('other_wrote', parts), short, answer }
    end
  elseif draft.sent and draft.sent.target ~= '' and not destination.is_same(draft.sent, to) then
    local who = shown(draft.sent.name)
    local left = room - vim.api.nvim_strwidth(say('last_text_short', { who = '' }))
    local last = say('last_text_short', { who = cut(who, math.max(LEAST, left)) })
    hints = { say('last_text', { who = who }), last }
  end
  if hints then
    return ('%s %%#DingbridgeElsewhere# %s %%*'):format(line, as_text(fitting(hints, room)))
  end
  local unread = next(require('dingbridge.state').unread)
      and require('dingbridge.unread').words(session, room)
    or ''
  if unread ~= '' then
    return ('%s%%=%%#DingbridgeUnread#%s '):format(line, as_text(unread))
  end
  local parts = { key = key, help = require('dingbridge.keys').first('help') }
  local how = key and { say('write_or_key_sends', parts), say('key_sends', parts), key } or { say('write_sends') }
  if parts.help then
    table.insert(how, 1, say(key and 'write_or_key_sends_help' or 'write_sends_help', parts))
  end
  return ('%s%%#DingbridgeBar#%%=%s '):format(line, as_text(fitting(how, room + 1)))
end

return M
