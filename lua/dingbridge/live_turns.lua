--- The answers that agents are working on: each stands below its transcript and grows, until the
--- transcript gets the whole answer in its place.

local chat_window = require('dingbridge.chat_window')
local links = require('dingbridge.links')
local message_format = require('dingbridge.message_format')
local message_rows = require('dingbridge.message_rows')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local transcript_buffer = require('dingbridge.transcript_buffer')
local turn_steps = require('dingbridge.turn_steps')

local M = {}

---@class dingbridge.Live
---@field message dingbridge.Message
---@field planned integer how many of its steps, the last, are the plan
---@field tail string the last line of its text, as it came

---@type table<string, dingbridge.Live> by session
local live = {}

---@param text string
---@return string the last line, or its last piece if it is long
local function tail_of(text)
  local from = #text
  while from > 0 and text:byte(from) ~= 10 do
    from = from - 1
  end
  local lines = message_format.text_lines(text:sub(from + 1))
  return lines[#lines]
end

---@param session string
---@param entry dingbridge.Live
local function add(session, entry)
  state.add(session, { entry.message })
  chat_window.add(session, false)
end

--- Removes an answer from the transcript.
---@param session string
---@param entry dingbridge.Live
local function take_out(session, entry)
  if state.message(session, entry.message.id) == nil then
    return
  end
  local view = chat_window.view_of(session)
  local mark = view and view.marks[entry.message.id]
  if not chat_window.take_out(session, { entry.message }) then
    state.take_out(session, { entry.message })
    chat_window.add(session, true)
  elseif view and mark then
    view.steps[mark], view.live = nil, nil
  end
end

--- Shows an answer as it is now.
---@param update { id: string, message: dingbridge.Message, planned: integer }
function M.show(update)
  local session, before = update.id, live[update.id]
  if before then
    take_out(session, before)
  end
  local message = update.message
  message.steps, message.is_live = message.steps or {}, true
  live[session] = { message = message, planned = update.planned, tail = tail_of(message.text) }
  add(session, live[session])
end

--- Where an answer is in its buffer; nil if it is not, or not completely.
---@param session string
---@param message dingbridge.Message
---@return dingbridge.View|nil
---@return integer row of its heading
local function place_of(session, message)
  local view = chat_window.view_of(session)
  local buffer, row = chat_window.row_of(session, message.id)
  local growing = view and view.growing
  if not view or not buffer or (growing and growing.message == message) then
    return nil, 0
  end
  return view, row
end

--- Puts lines into the buffer, and keeps what follows in place.
---@param view dingbridge.View
---@param first integer
---@param last integer row behind those that are replaced
---@param lines string[]
local function put(view, first, last, lines)
  links.clear(view.buffer, first, last)
  links.put(view.buffer, first, last, lines)
  if view.growing and view.growing.row > first then
    view.growing.row = view.growing.row + #lines - (last - first)
  end
end

---@param entry dingbridge.Live
---@param view dingbridge.View|nil
---@param row integer
---@param text string
local function append(entry, view, row, text)
  local message = entry.message
  message.text = message.text .. text
  local lines = message_format.text_lines(entry.tail .. text)
  entry.tail = lines[#lines]
  if view then
    local last = message_rows.ends(view.buffer, message_format.namespace, row) - 2
    put(view, last, last + 1, lines)
  end
end

---@param entry dingbridge.Live
---@param view dingbridge.View|nil
---@param row integer
---@param steps dingbridge.Step[] instead of those from `from` on
---@param from integer
---@param count integer how many are replaced
local function replace(entry, view, row, steps, from, count)
  local message = entry.message
  local old = message.steps
  message.steps = vim.list_extend(vim.list_slice(old, 1, from - 1), steps)
  vim.list_extend(message.steps, old, from + count)
  if view then
    local mark = view.marks[message.id]
    -- Before the lines are replaced, which would move the marks to the next one.
    turn_steps.clear(view.buffer, row + from, row + from + count)
    put(view, row + from, row + from + count, turn_steps.lines(steps))
    view.steps[mark] = #message.steps
    turn_steps.draw(view.buffer, mark, row, message.steps, from, from + #steps - 1)
  end
end

--- Shows more of an answer.
---@param update { id: string, message: string, text: string, steps: { index: integer, step: dingbridge.Step }[], plan: dingbridge.Step[]|nil }
function M.grow(update)
  local entry = live[update.id]
  if not entry or entry.message.id ~= update.message then
    return
  end
  local view, row = place_of(update.id, entry.message)
  local following = view and transcript_buffer.followers(view.buffer) or {}
  for _, change in ipairs(update.steps) do
    local tools = #entry.message.steps - entry.planned
    local number = math.min(change.index + 1, tools + 1)
    replace(entry, view, row, { change.step }, number, number <= tools and 1 or 0)
  end
  if type(update.plan) == 'table' then
    local tools = #entry.message.steps - entry.planned
    replace(entry, view, row, update.plan, tools + 1, entry.planned)
    entry.planned = #update.plan
  end
  if update.text ~= '' then
    append(entry, view, row, update.text)
  end
  for _, window in ipairs(following) do
    transcript_buffer.to_end(window, view.buffer)
  end
end

--- Removes an answer that is not worked on any more.
---@param session string
---@param message string its id
function M.over(session, message)
  local entry = live[session]
  if entry and entry.message.id == message then
    live[session] = nil
    take_out(session, entry)
  end
end

--- Takes the answer out before messages are added below the transcript.
---@param session string
---@return fun() puts_back
function M.lift(session)
  local entry = live[session]
  if not entry or not state.message(session, entry.message.id) then
    return function() end
  end
  local view = chat_window.view_of(session)
  local mark = view and view.marks[entry.message.id]
  if not chat_window.take_out(session, { entry.message }) then
    return function() end
  end
  if view and mark then
    view.steps[mark], view.live = nil, nil
  end
  return function()
    add(session, entry)
  end
end

--- The session is gone.
---@param session string
function M.forget(session)
  live[session] = nil
end

--- The service is gone, and the turns with it.
function M.service_gone()
  for session, entry in pairs(live) do
    live[session] = nil
    take_out(session, entry)
    notice.show(say('turn_lost', { author = message_format.one_line(entry.message.author) }), 'warn')
  end
end

return M
