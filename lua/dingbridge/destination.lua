--- The destination of each session's draft: the conversation that its bar named at the first
--- character, unless the user moves it. The service decides which one the bar of an empty draft names.
---
---   empty --first character--> begun --sent--> empty, and the bar keeps the destination (`soon`)
---     ^                          |              until the service has accepted the text
---     +------all deleted---------+

local bars = require('dingbridge.bars')
local state = require('dingbridge.state')

local M = {}

---@class dingbridge.Destination
---@field target string address of a conversation; empty: nobody
---@field name string which one that is
---@field robot string who speaks there

---@type dingbridge.Destination
local NOBODY = { target = '', name = '', robot = '' }

---@class dingbridge.Destinations what the service reports of a session
---@field account string
---@field robot string
---@field current dingbridge.Destination
---@field chosen boolean whether the user has chosen `current`
---@field known dingbridge.Destination[]

---@class dingbridge.Begun
---@field to dingbridge.Destination

---@class dingbridge.Draft
---@field begun? dingbridge.Begun while the draft is not empty
---@field soon? dingbridge.Destination what the bar names until the service has accepted a text or choice
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
---@return dingbridge.Destinations
local function known_of(session)
  return state.destinations[session]
    or { account = '', robot = '', current = NOBODY, chosen = false, known = {} }
end

--- Whether both are the same conversation of the same robot.
---@param one? dingbridge.Destination
---@param other? dingbridge.Destination
---@return boolean
function M.is_same(one, other)
  return one ~= nil and other ~= nil and one.target == other.target and one.robot == other.robot
end

--- The destination in the bar of a session's draft.
---@param session string
---@return dingbridge.Destination
local function named(session)
  local draft = of(session)
  return draft.begun and draft.begun.to or draft.soon or known_of(session).current
end

--- The data for the bar above a session's draft.
---@param session string
---@return dingbridge.Draft
---@return dingbridge.Destinations
---@return dingbridge.Destination named
function M.state(session)
  return of(session), known_of(session), named(session)
end

--- The destination in the bar of a session's draft, for a text from a call or command; nil without
--- one. Then the service decides, and also if it is `outdated`: new settings may name another robot.
---@param session string
---@return dingbridge.Destination|nil
function M.named(session)
  local shown = named(session)
  if shown.target == '' then
    return nil
  end
  local outdated = not require('dingbridge.host_settings').is_configured()
  return vim.tbl_extend('force', shown, { outdated = outdated })
end

--- The number of the latest change that is not undone.
---@param buffer integer
---@return integer
local function change_of(buffer)
  return vim.api.nvim_buf_call(buffer, vim.fn.changenr)
end

--- Handles a change of a draft: its first character fixes the destination in the bar.
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

--- Stores the destination with each change, so that undo and redo restore it with the text. They
--- return to a known change.
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

--- Watches the text of a new draft.
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

--- Watches the text of a draft whose buffer was just made or read again.
---@param session string
---@param buffer integer
function M.attach(session, buffer)
  local function on_change()
    changed(session, buffer)
    if buffer ~= vim.api.nvim_get_current_buf() then
      -- There is no TextChanged for a buffer that is not current.
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

--- The destination of a draft that is being sent.
---@param session string
---@param buffer integer
---@return dingbridge.Destination
function M.of_draft(session, buffer)
  M.settle(session, buffer)
  return named(session)
end

--- Handles an empty draft after sending: the bar stays until the service has accepted the text.
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

--- Handles the service's answer: it accepted or refused the sent text.
---@param session string
---@param id string of the message
function M.taken(session, id)
  local draft = of(session)
  if draft.soon_by == id then
    draft.soon, draft.soon_by = nil, nil
  end
end

--- Shows a destination in the bar of an empty draft until the service reports it; moves a begun draft.
---@param session string
---@param destination dingbridge.Destination
function M.choose(session, destination)
  local draft = of(session)
  if not draft.begun then
    draft.soon, draft.soon_by = destination, nil
  end
  M.move(session, destination)
end

--- Moves the draft of a session to a conversation together with the next change of its text: undo
--- takes both back. Returns the conversation that a begun draft was for, if that is another one.
---@param session string
---@param destination dingbridge.Destination
---@return dingbridge.Destination|nil before
function M.move_with_change(session, destination)
  local begun = of(session).begun
  if not begun then
    M.choose(session, destination)
    return nil
  end
  of(session).begun = { to = begun.to }
  M.move(session, destination)
  local is_other = begun.to.target ~= '' and not M.is_same(begun.to, destination)
  return is_other and begun.to or nil
end

--- Moves the draft of a session to another conversation.
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

--- Handles a message from a conversation in a session.
---@param session string
---@param message dingbridge.Message
function M.spoke(session, message)
  local draft = of(session)
  local who = { target = message.target, name = message.target_name, robot = message.robot }
  if who.target ~= '' and not M.is_same(named(session), who) then
    draft.elsewhere = who -- until the service reports it as the current one
  elseif not (draft.begun or draft.soon or known_of(session).chosen) then
    draft.elsewhere = nil
  end
end

--- Handles the service's report of a session's conversations.
---@param session string
---@param update table
function M.update(session, update)
  local draft, before = of(session), known_of(session)
  state.destinations[session] = update
  if M.is_same(draft.soon, update.current) then
    draft.soon = nil
  end
  if not draft.begun and M.is_same(draft.elsewhere, update.current) then
    draft.elsewhere = nil
  end
  if draft.begun and draft.begun.to.target == '' and before.account == '' and update.account ~= '' then
    -- Binding the session decides where the draft goes.
    draft.begun.to = update.current
  end
  bars.refresh()
end

--- The names for `:Chat to` in a session.
---@param session string
---@return string[]
function M.names(session)
  return vim.tbl_map(function(one)
    return one.name
  end, known_of(session).known)
end

return M
