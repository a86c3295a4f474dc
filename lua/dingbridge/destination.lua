--- The conversation of each session's draft: the one that its bar named when it was begun, or the
--- one the user has moved it to since. The host decides which one a bar names; this notes it.

local bars = require('dingbridge.bars')
local store = require('dingbridge.store')
local say = require('dingbridge.say')

local look = require('dingbridge.lazily')('dingbridge.look')

local M = {}

---@class dingbridge.Destination
---@field target string address of a conversation; empty: nobody
---@field name string which one that is
---@field robot string who speaks there

---@type dingbridge.Destination
local NOBODY = { target = '', name = '', robot = '' }
local NAME = 36 -- columns of a name in the bar
local LEAST = 4 -- columns of it where there is no room
local NAME_HERE = '\1' -- stands in a sentence where a name of another colour comes; in no name

---@class dingbridge.Begun
---@field to dingbridge.Destination

---@class dingbridge.Draft
---@field begun? dingbridge.Begun there while something is in the draft
---@field soon? dingbridge.Destination what the bar names until the service has taken a text or a choice
---@field soon_by? string id of that text
---@field elsewhere? dingbridge.Destination who wrote while the bar named another one
---@field sent? dingbridge.Destination where the latest text went
---@field changes table<integer, dingbridge.Begun> by the number of the change (`changenr()`)
---@field change integer the number of the change that was looked at last

---@type table<string, dingbridge.Draft> by session
local drafts = {}

---@param session string
---@return dingbridge.Draft
local function of(session)
  drafts[session] = drafts[session] or { changes = {}, change = -1 }
  return drafts[session]
end

---@param session string
---@return { account: string, robot: string, current: dingbridge.Destination, chosen: boolean, known: dingbridge.Destination[] }
local function known_of(session)
  return store.destinations[session]
    or { account = '', robot = '', current = NOBODY, chosen = false, known = {} }
end

--- Whether both are the same conversation of the same robot.
---@param one? dingbridge.Destination
---@param other? dingbridge.Destination
---@return boolean
function M.is_same(one, other)
  return one ~= nil and other ~= nil and one.target == other.target and one.robot == other.robot
end

--- What the bar of a session's draft names.
---@param session string
---@return dingbridge.Destination
local function named(session)
  local draft = of(session)
  return draft.begun and draft.begun.to or draft.soon or known_of(session).current
end

--- What the bar of a session's draft names, for a text that a call or a command sends; nil when it
--- names nobody: then the service decides. So it does when the bar does not know yet that new settings
--- name another robot.
---@param session string
---@return dingbridge.Destination|nil
function M.named(session)
  local shown = named(session)
  if shown.target == '' then
    return nil
  end
  local outdated = not require('dingbridge.host').is_configured()
  return vim.tbl_extend('force', shown, { outdated = outdated })
end

--- The number of the latest change that is not undone.
---@param buffer integer
---@return integer
local function change_of(buffer)
  return vim.api.nvim_buf_call(buffer, vim.fn.changenr)
end

--- The text of a draft changed, in whatever way: its first character takes what the bar names.
---@param session string
---@param buffer integer
local function changed(session, buffer)
  local draft = of(session)
  local first = vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1]
  if vim.api.nvim_buf_line_count(buffer) == 1 and (first or '') == '' then
    draft.begun = nil
  elseif not draft.begun then
    draft.begun, draft.soon = { to = named(session) }, nil
  end
end

--- Notes what was begun at each change, so that a text that undo or redo brings back is for the
--- same conversation as before: a change that is known already is one of those.
---@param session string
---@param buffer integer
function M.settle(session, buffer)
  local draft = of(session)
  local change = change_of(buffer)
  local known = draft.changes[change]
  if draft.begun and known and change ~= draft.change and known ~= draft.begun then
    draft.begun = known
    bars.refresh()
  end
  draft.changes[change] = draft.begun
  draft.change = change
end

--- Follows the text of a draft that is new.
---@param session string
---@param buffer integer
function M.follow(session, buffer)
  drafts[session] = nil
  M.attach(session, buffer)
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI', 'TextChangedP' }, {
    buffer = buffer,
    desc = 'Keep the conversation of the draft',
    callback = function()
      M.settle(session, buffer)
    end,
  })
end

--- Follows the text of a draft from now on, as it is when it has just been made or read again.
---@param session string
---@param buffer integer
function M.attach(session, buffer)
  local function on_change()
    changed(session, buffer)
    if buffer ~= vim.api.nvim_get_current_buf() then
      -- No TextChanged comes for a buffer that the user is not in.
      vim.schedule(function()
        if vim.api.nvim_buf_is_loaded(buffer) then
          M.settle(session, buffer)
        end
      end)
    end
  end
  vim.api.nvim_buf_attach(buffer, false, { on_lines = on_change, on_reload = on_change })
  on_change()
end

--- What a draft that is about to be sent is for.
---@param session string
---@param buffer integer
---@return dingbridge.Destination
function M.of_draft(session, buffer)
  M.settle(session, buffer)
  return named(session)
end

--- A draft was handed over and is empty: the bar stays until the service has taken the text.
---@param session string
---@param id string of the message
---@param destination dingbridge.Destination
function M.sent(session, id, destination)
  local draft = of(session)
  draft.soon, draft.soon_by, draft.sent = destination, id, destination
  if M.is_same(draft.elsewhere, destination) then
    draft.elsewhere = nil
  end
end

--- The host has taken what was sent, or has handed it back.
---@param session string
---@param id string of the message
function M.taken(session, id)
  local draft = of(session)
  if draft.soon_by == id then
    draft.soon, draft.soon_by = nil, nil
  end
end

--- The draft of a session is for this conversation from now on.
---@param session string
---@param destination dingbridge.Destination
function M.move(session, destination)
  local draft = of(session)
  if draft.begun then
    draft.begun.to = destination
  end
  if M.is_same(draft.elsewhere, destination) then
    draft.elsewhere = nil
  end
  bars.refresh()
end

--- A conversation spoke to a session.
---@param session string
---@param message dingbridge.Message
function M.spoke(session, message)
  local draft = of(session)
  local who = { target = message.target, name = message.target_name, robot = message.robot }
  local stays = draft.begun or draft.soon or known_of(session).chosen
  if stays and who.target ~= '' and not M.is_same(named(session), who) then
    draft.elsewhere = who
  end
end

--- The host tells of a session's conversations.
---@param session string
---@param update table
function M.update(session, update)
  local draft, before = of(session), known_of(session)
  store.destinations[session] = update
  if M.is_same(draft.soon, update.current) then
    draft.soon = nil
  end
  if not draft.begun and M.is_same(draft.elsewhere, update.current) then
    draft.elsewhere = nil
  end
  if draft.begun and draft.begun.to.target == '' and before.account == '' and update.account ~= '' then
    -- The user has bound the session, and with that said where the draft goes.
    draft.begun.to = update.current
  end
  bars.refresh()
end

---@param session string
---@param destination? dingbridge.Destination nil: whoever speaks
---@param stays boolean
local function choose(session, destination, stays)
  local draft = of(session)
  if destination and not draft.begun then
    draft.soon, draft.soon_by = destination, nil
  end
  if destination then
    M.move(session, destination)
  end
  require('dingbridge.host').tell('to', { session = session, destination = destination, stays = stays })
end

--- Lets the user choose the conversation that a session writes to.
---@param session string
function M.pick(session)
  local known = known_of(session)
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
      local name = look.one_line(one.name)
      return M.is_same(one, named(session)) and say('choice_now', { name = name }) or name
    end,
  }, function(one)
    if one then
      choose(session, one.target ~= '' and one or nil, true)
    end
  end)
end

--- Moves the draft to whoever wrote meanwhile; where nobody did, the user may choose.
---@param session string
function M.answer(session)
  local elsewhere = of(session).elsewhere
  if elsewhere and not M.is_same(elsewhere, named(session)) then
    choose(session, elsewhere, false)
  else
    M.pick(session)
  end
end

--- The names that `:Chat to` takes in a session.
---@param session string
---@return string[]
function M.names(session)
  return vim.tbl_map(function(one)
    return one.name
  end, known_of(session).known)
end

--- Text as a part of a bar that stands for nothing but itself.
---@param text string
---@return string
local function as_text(text)
  return (text:gsub('%%', '%%%%'))
end

--- Text that takes up to so many columns, with an ellipsis where something is left out.
---@param text string
---@param columns integer
---@return string
local function cut(text, columns)
  if vim.fn.strdisplaywidth(text) <= columns then
    return text
  end
  text = vim.fn.strcharpart(text, 0, columns)
  while vim.fn.strdisplaywidth(text) >= columns and text ~= '' do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  return text .. '…'
end

--- A conversation's name for a bar. What is too long is cut before the kind of the conversation,
--- which nobody chooses.
---@param name string
---@return string
local function shown(name)
  local text = look.one_line(name)
  local label, kind = text:match('^(.*)( %([^()]*%))$')
  label, kind = label or text, kind or ''
  return cut(label, math.max(NAME - vim.fn.strdisplaywidth(kind), NAME / 2)) .. kind
end

--- The first of the wordings that fits, else nothing.
---@param wordings string[]
---@param columns integer
---@return string
local function fitting(wordings, columns)
  for _, words in ipairs(wordings) do
    if vim.fn.strdisplaywidth(words) <= columns then
      return words
    end
  end
  return ''
end

--- The line above a draft: where it goes, and who else wrote.
---@param session string
---@param key? string that sends
---@return string
function M.bar(session, key)
  local draft, known, to = of(session), known_of(session), named(session)
  local name = to.target ~= '' and shown(to.name) or known.account ~= '' and say('nobody_yet') or nil
  -- The name has a colour of its own, wherever it stands in the sentence.
  local sentence = name and say('draft_to', { name = NAME_HERE }) or say('draft') .. NAME_HERE
  local place, after = unpack(vim.split(' ' .. sentence, NAME_HERE, { plain = true }))
  name = name or ''
  local room = vim.api.nvim_win_get_width(0) - vim.fn.strdisplaywidth(place .. name .. after) - 3
  local line = ('%%#Comment#%s%%#DingbridgeDestination#%s%%<'):format(as_text(place), as_text(name))
  line = after == '' and line or ('%s%%#Comment#%s'):format(line, as_text(after))
  local elsewhere, hints = draft.elsewhere, nil
  if to.target ~= '' and known.account == '' then
    hints = { say('unbound_now'), say('not_bound') }
  elseif to.target ~= '' and to.robot ~= known.robot then
    hints = { say('other_robot_now'), say('other_robot') }
  elseif elsewhere and not M.is_same(elsewhere, to) then
    local who = shown(elsewhere.name)
    local short = '<C-t>: ' .. cut(who, math.max(LEAST, room - #'<C-t>: '))
    hints = { say('other_wrote_goes', { who = who }), say('other_wrote', { who = who }), short, '<C-t>' }
  elseif draft.sent and draft.sent.target ~= '' and not M.is_same(draft.sent, to) then
    local who = shown(draft.sent.name)
    local left = room - vim.fn.strdisplaywidth(say('last_text_short', { who = '' }))
    local last = say('last_text_short', { who = cut(who, math.max(LEAST, left)) })
    hints = { say('last_text', { who = who }), last }
  end
  if hints then
    return ('%s %%#DingbridgeElsewhere# %s %%*'):format(line, as_text(fitting(hints, room)))
  end
  local keys = { key = key }
  local how = key and { say('write_or_key_sends', keys), say('key_sends', keys), key } or { say('write_sends') }
  return ('%s%%#Comment#%%=%s '):format(line, as_text(fitting(how, room + 1)))
end

return M
