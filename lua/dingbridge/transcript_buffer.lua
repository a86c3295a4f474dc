--- Fills the buffer of a transcript in slices: appends new messages, then earlier ones from the end
--- upwards.

local by_id = require('dingbridge.by_id')
local day_separators = require('dingbridge.day_separators')
local headings = require('dingbridge.headings')
local links = require('dingbridge.links')
local message_format = require('dingbridge.message_format')
local turn_steps = require('dingbridge.turn_steps')

local M = {}

local SLICE = 3e6 -- nanoseconds of collecting lines, after which Neovim handles keys

---@class dingbridge.View
---@field buffer integer
---@field marks table<string, integer> extmark of each message's heading
---@field ids table<string, string> the message of each of these marks, by `by_id.key`
---@field top dingbridge.Top|nil what is shown next above all others; nil before anything was shown
---@field shown integer how many messages of the transcript's list are in the buffer, or above `top`
---@field growing dingbridge.Growing|nil the message of which only a piece is shown
---@field is_empty boolean whether the buffer has no message
---@field waiting boolean whether more are about to be added
---@field steps table<integer, integer> how many lines of steps follow a heading, by its mark
---@field live integer|nil mark of the answer that grows
---@field days table<integer, string> the first day below each separator, by its mark
---@field width integer|nil for which fates and reasons are laid out; 0 if not all for the same one
---@field today string the day for which the separators have their words
---@field highest dingbridge.Message|nil that is shown
---@field lowest dingbridge.Message|nil that is shown
---@field guide integer|nil extmark of what an empty transcript says

---@class dingbridge.Top
---@field part integer of the transcript, from below; 0 is the list
---@field left integer how many of its messages are not shown

---@class dingbridge.Growing
---@field message dingbridge.Message
---@field from integer byte of its text at which the next piece begins
---@field row integer where that belongs
---@field is_last boolean whether the message stands below all others

--- Shows the last line of a buffer.
---@param window integer
---@param buffer integer
function M.to_end(window, buffer)
  vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
end

--- Keeps the end in view below virtual lines that were added. Neovim scrolls for them only if the
--- cursor moves, and not before it has forgotten which lines it shows.
---@param following integer[] windows
---@param buffer integer
function M.follow(following, buffer)
  for _, window in ipairs(following) do
    vim.api.nvim_win_call(window, function()
      vim.fn.winrestview({ topline = 1, lnum = 1 })
    end)
    M.to_end(window, buffer)
  end
end

--- The windows that follow the end of a transcript. The current one does so only from its last line
--- and in normal mode: its cursor is the user's.
---@param buffer integer
---@return integer[]
function M.followers(buffer)
  local current = vim.api.nvim_get_current_win()
  local last = vim.api.nvim_buf_line_count(buffer)
  return vim.tbl_filter(function(window)
    local row = vim.api.nvim_win_get_cursor(window)[1]
    if window == current then
      return row == last and vim.api.nvim_get_mode().mode == 'n'
    end
    return row >= last - 1
  end, vim.fn.win_findbuf(buffer))
end

--- The views of a buffer's windows, so that lines can be added above without scrolling.
---@param buffer integer
---@return table<integer, vim.fn.winsaveview.ret>
local function places(buffer)
  local found = {}
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    found[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
  end
  return found
end

---@param found table<integer, vim.fn.winsaveview.ret>
---@param row integer where lines were put
---@param rows integer how many
local function go_back(found, row, rows)
  for window, place in pairs(found) do
    place.lnum = place.lnum > row and place.lnum + rows or place.lnum
    place.topline = place.topline > row and place.topline + rows or place.topline
    vim.api.nvim_win_call(window, function()
      vim.fn.winrestview(place)
    end)
  end
end

--- Puts lines into a transcript's buffer: at its end, or at its top.
---@param view dingbridge.View
---@param row integer
---@param lines string[]
---@param is_last boolean
local function insert(view, row, lines, is_last)
  local buffer, is_empty = view.buffer, view.is_empty
  local kept = not is_last and not is_empty and places(buffer) or {}
  local following = is_last and M.followers(buffer) or {}
  links.put(buffer, row, is_empty and -1 or row, lines)
  view.is_empty = false
  go_back(kept, row, #lines)
  if is_empty then
    following = vim.fn.win_findbuf(buffer)
  end
  for _, window in ipairs(following) do
    M.to_end(window, buffer)
  end
end

---@param view dingbridge.View
---@return integer row behind the last line
local function end_of(view)
  return view.is_empty and 0 or vim.api.nvim_buf_line_count(view.buffer)
end

--- Draws the heading of a message again, if it is in the buffer.
---@param view dingbridge.View
---@param message dingbridge.Message
function M.draw_again(view, message)
  local mark = view.marks[message.id]
  local at = mark
    and vim.api.nvim_buf_get_extmark_by_id(view.buffer, message_format.namespace, mark, {})
  if at and at[1] then
    local following = M.followers(view.buffer)
    headings.draw(view, at[1], message)
    -- The virtual lines of a reason must not push the end out of view.
    M.follow(following, view.buffer)
  end
end

--- Draws headings, and the separators of days, at messages that were added.
---@param view dingbridge.View
---@param added { row: integer, message: dingbridge.Message }[]
---@param is_last boolean
---@param are_first boolean whether there were none before
local function decorate(view, added, is_last, are_first)
  local following = (is_last or are_first) and M.followers(view.buffer) or {}
  local has_lines = headings.add(view, added)
  local messages = vim.tbl_map(function(heading)
    return heading.message
  end, added)
  local highest, today = view.highest, view.today
  if day_separators.add(view, messages, is_last) or has_lines then
    M.follow(following, view.buffer)
  end
  if view.highest ~= highest or view.today ~= today then
    M.draw_again(view, view.highest) -- with its day
  end
end

--- The next message to show: the next new one, otherwise the one above the shown ones.
---@param view dingbridge.View
---@param transcript dingbridge.Transcript
---@return dingbridge.Message|nil
---@return boolean is_last whether it stands below all that is shown
local function next_message(view, transcript)
  if view.shown < #transcript.list then
    return transcript.list[view.shown + 1], true
  end
  local top = view.top
  while top.left == 0 and transcript.above[top.part + 1] do
    top.part = top.part + 1
    top.left = #transcript.above[top.part]
  end
  local part = top.part == 0 and transcript.list or transcript.above[top.part]
  return part[top.left], false
end

---@param view dingbridge.View
---@param is_last boolean
local function step(view, is_last)
  if is_last then
    view.shown = view.shown + 1
  else
    view.top.left = view.top.left - 1
  end
end

--- Continues a partly shown message, as far as time allows.
---@param view dingbridge.View
---@param ends integer
local function grow(view, ends)
  local growing = view.growing
  repeat
    local lines, from = message_format.lines(growing.message, growing.from)
    insert(view, growing.row, lines, growing.is_last)
    growing.row, growing.from = growing.row + #lines, from
  until not from or vim.uv.hrtime() > ends
  view.growing = growing.from and growing or nil
end

--- Puts messages into the buffer as far as time allows: new ones at its end, then earlier ones at its
--- top, without scrolling.
---@param view dingbridge.View
---@param transcript dingbridge.Transcript
local function add(view, transcript)
  local ends = vim.uv.hrtime() + SLICE
  if view.growing then
    grow(view, ends)
    return
  end
  local first, is_last = next_message(view, transcript)
  local pieces, count = {}, 0
  local message, below = first, is_last
  while message and below == is_last do
    local lines, from = message_format.lines(message)
    if from and count > 0 then
      break -- a long message gets its own slice
    end
    step(view, is_last)
    count = count + #lines
    pieces[#pieces + 1] = { message = message, lines = lines }
    if from then
      view.growing = { message = message, from = from, is_last = is_last }
      break
    end
    message, below = next_message(view, transcript)
    if vim.uv.hrtime() > ends then
      break
    end
  end
  local start = is_last and end_of(view) or 0
  local all, added = {}, {}
  for number = 1, #pieces do
    local one = pieces[is_last and number or #pieces + 1 - number]
    added[number] = { row = start + #all, message = one.message }
    vim.list_extend(all, one.lines)
  end
  local are_first = view.is_empty
  insert(view, start, all, is_last)
  decorate(view, added, is_last, are_first)
  if view.growing then
    view.growing.row = start + #all
  end
end

--- The same, beginning with the end of the transcript.
---@param view dingbridge.View
---@param transcript dingbridge.Transcript
---@return boolean is_behind whether more of it is to be shown
function M.add_slice(view, transcript)
  if not view.top then
    view.top = { part = 0, left = #transcript.list }
    view.shown = #transcript.list
  end
  if view.growing or next_message(view, transcript) then
    add(view, transcript)
  end
  return view.growing ~= nil or next_message(view, transcript) ~= nil
end

--- Whether the buffer contains all messages that the editor has, completely.
---@param view dingbridge.View
---@param transcript dingbridge.Transcript
---@return boolean
function M.is_complete(view, transcript)
  return view.top ~= nil and not view.growing and not next_message(view, transcript)
end

--- Empties the buffer.
---@param view dingbridge.View
function M.empty(view)
  local buffer = view.buffer
  view.marks, view.ids = by_id.new(), by_id.new()
  view.shown, view.top, view.growing, view.is_empty = 0, nil, nil, true
  vim.api.nvim_buf_clear_namespace(buffer, message_format.namespace, 0, -1)
  vim.api.nvim_buf_clear_namespace(buffer, message_format.quiet_namespace, 0, -1)
  links.clear(buffer)
  turn_steps.empty(view)
  day_separators.clear(view)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  vim.bo[buffer].modifiable = false
end

return M
