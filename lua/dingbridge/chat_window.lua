--- The chat on the screen: the transcript above, the draft below, each a buffer of its own.
---
--- Two buffers, because Neovim's undo identifies lines by number: new messages above a draft in the
--- same buffer would make undo change the wrong lines. Messages never touch the draft's buffer.

local buffers = require('dingbridge.buffers')
local by_id = require('dingbridge.by_id')
local day_separators = require('dingbridge.day_separators')
local drafts = require('dingbridge.drafts')
local keys = require('dingbridge.keys')
local transcript_buffer = require('dingbridge.transcript_buffer')
local message_format = require('dingbridge.message_format')
local message_edits = require('dingbridge.message_edits')
local highlight = require('dingbridge.highlight')
local say = require('dingbridge.say')
local starting = require('dingbridge.starting')
local state = require('dingbridge.state')
local guidance = require('dingbridge.lazily')('dingbridge.guidance')
local transcript_jump = require('dingbridge.lazily')('dingbridge.transcript_jump')
local chat_layout = require('dingbridge.chat_layout')

local M = {}

local PAUSE = 2 -- milliseconds between two slices, in which Neovim handles keys

---@type table<string, dingbridge.View> by session
local views = {}

--- The view of a session; nil without one.
---@param session string
---@return dingbridge.View|nil
local function view_of(session)
  return buffers.get(session, 'transcript') and views[session]
end
M.view_of = view_of

---@param view dingbridge.View
local function colour(view)
  highlight.transcript(view.buffer, message_format.namespace, function(mark)
    local growing = view.growing
    return mark ~= view.live and (not growing or view.marks[growing.message.id] ~= mark)
  end, function(mark)
    return view.steps[mark] or 0
  end)
end

---@param session string
---@return dingbridge.View
local function make_view(session)
  local buffer = buffers.make(session, 'transcript')
  views[session] = {
    buffer = buffer,
    marks = by_id.new(),
    ids = by_id.new(),
    steps = {},
    days = {},
    shown = 0,
    is_empty = true,
    waiting = false,
  }
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modifiable = false
  -- Before the user's own mappings for this file type.
  keys.map(buffer)
  require('dingbridge.fate_layout').watch(session, buffer)
  vim.bo[buffer].filetype = 'dingbridge'
  colour(views[session])
  vim.api.nvim_create_autocmd('BufReadCmd', {
    buffer = buffer,
    desc = 'Show the transcript again on :edit',
    callback = function()
      M.add(session, true)
    end,
  })
  return views[session]
end

--- Shows a session and puts the cursor into its draft.
---@param session string
function M.open(session)
  local was_there = view_of(session) ~= nil
  local view = view_of(session) or make_view(session)
  keys.map(view.buffer)
  local draft, typed = drafts.buffer(session), starting.typed()
  local goes_there, before = starting.has_focus(), vim.api.nvim_get_current_win()
  local window, is_new = chat_layout.show(view.buffer, draft)
  if not was_there then
    M.add(session, false) -- now that the width is known
  end
  if is_new then
    transcript_buffer.to_end(window, view.buffer)
  end
  state.current = session
  if state.unread[session] then
    require('dingbridge.unread').opened(session)
  end
  if state.jump then
    transcript_jump.opened(session, view)
  end
  if typed then
    drafts.take_over(session, typed)
    starting.close()
  end
  if not goes_there and vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
end

--- Handles that the service opens a session. The user may have left one that a command has shown.
---@param session string
function M.opened(session)
  if state.opened_early ~= session then
    M.open(session)
  end
  state.opened_early = nil
end

--- Makes the buffers of a session, for windows that have their names.
---@param session string
function M.restore(session)
  if not view_of(session) then
    make_view(session)
    M.add(session, false)
  end
  drafts.buffer(session)
end

--- Closes the windows of a session and removes its buffers.
---@param session string
function M.close(session)
  views[session] = nil
  drafts.close(session)
  buffers.remove(session, 'transcript')
end

---@param session string
local function catch_up(session)
  local view, transcript = view_of(session), state.transcripts[session]
  if view then
    view.waiting = false
  end
  if not transcript then
    return
  end
  local is_behind = view and transcript_buffer.add_slice(view, transcript)
  if view and state.jump then
    transcript_jump.try(session, view)
  end
  if view then
    guidance.show(view, session)
  end
  if transcript.more and not is_behind then
    transcript.more = false
    require('dingbridge.host').tell('earlier', { session = session })
  elseif is_behind then
    view.waiting = true
    vim.defer_fn(function()
      catch_up(session)
    end, PAUSE)
  end
  if package.loaded['dingbridge.unread'] then
    require('dingbridge.unread').look_soon()
  end
end

--- Updates what transcripts say about the next steps.
function M.guide()
  for session in pairs(views) do
    local view = view_of(session)
    if view then
      guidance.show(view, session)
    end
  end
end

--- Shows new messages of a transcript, and requests earlier ones when its top is shown.
---@param session string
---@param reset boolean whether the transcript begins anew
function M.add(session, reset)
  local view = view_of(session)
  if view and reset then
    transcript_buffer.empty(view)
    colour(view)
  end
  if not view or not view.waiting then
    catch_up(session)
  end
end

--- Removes messages from a transcript and its buffer, unless the buffer is being filled.
---@param session string
---@param messages dingbridge.Message[]
---@return boolean done
function M.take_out(session, messages)
  local view, transcript = view_of(session), state.transcripts[session]
  if view and not message_edits.remove(view, transcript, messages) then
    return false
  end
  local before = state.messages(session)
  state.take_out(session, messages)
  if view then
    view.shown = #transcript.list
    day_separators.close_gaps(view, before, function(message)
      return transcript.by_id[message.id] ~= nil
    end)
  end
  return true
end

--- Shows a message's delivery state at the message.
---@param session string
---@param message dingbridge.Message
function M.show_fate(session, message)
  local view = view_of(session)
  if view then
    transcript_buffer.draw_again(view, message)
  end
end

--- Shows the new text of a message in place.
---@param session string
---@param message dingbridge.Message
---@param before string
function M.show_text(session, message, before)
  local view = view_of(session)
  if view and not message_edits.rewrite(view, message, before) then
    M.add(session, true)
  end
end

--- The buffer of a session's transcript; nil without one.
---@param session string
---@return integer|nil
function M.buffer_of(session)
  return buffers.get(session, 'transcript')
end

--- Where a message is in the buffer of its transcript; nil if it is not there.
---@param session string
---@param message string its id
---@return integer|nil buffer
---@return integer row
function M.row_of(session, message)
  local view = view_of(session)
  local mark = view and view.marks[message]
  local at = mark
    and vim.api.nvim_buf_get_extmark_by_id(view.buffer, message_format.namespace, mark, {})
  return at and at[1] and view.buffer or nil, at and at[1] or 0
end

--- Whether the end of a transcript is in its buffer.
---@param session string
---@return boolean
function M.has_end(session)
  local view, transcript = view_of(session), state.transcripts[session]
  return view ~= nil
    and transcript ~= nil
    and view.top ~= nil
    and not view.growing
    and view.shown == #transcript.list
end

--- Handles that the user sends something in a session: shows the end, where it will appear.
---@param session string
function M.wrote(session)
  local buffer = M.buffer_of(session)
  for _, window in ipairs(buffer and vim.fn.win_findbuf(buffer) or {}) do
    transcript_buffer.to_end(window, buffer)
  end
  if package.loaded['dingbridge.unread_line'] then
    require('dingbridge.unread_line').done(session)
  end
end

--- The bar above each chat window, from the tables in Lua.
---@return string
function M.bar()
  local buffer = vim.api.nvim_get_current_buf()
  local id = vim.b[buffer].dingbridge_session
  if id == '' then
    return ('%%=%%#DingbridgeBar#%s '):format(say('starting'))
  end
  local session = id and state.session(id)
  if not session then
    return ''
  end
  if buffers.of(buffer) == 'draft' then
    return require('dingbridge.draft_bar').text(id, require('dingbridge').send_key())
  end
  return require('dingbridge.transcript_bar').text(session)
end

return M
