--- Changes messages in the buffer of a transcript: replaces their text, or removes them.

local by_id = require('dingbridge.by_id')
local transcript_buffer = require('dingbridge.transcript_buffer')
local day_separators = require('dingbridge.day_separators')
local links = require('dingbridge.links')
local message_format = require('dingbridge.message_format')
local message_rows = require('dingbridge.message_rows')
local highlight = require('dingbridge.highlight')
local turn_steps = require('dingbridge.turn_steps')

local M = {}

---@param message dingbridge.Message
---@return string[]
local function all_lines(message)
  local lines, from = message_format.lines(message)
  while from do
    local more
    more, from = message_format.lines(message, from)
    vim.list_extend(lines, more)
  end
  return lines
end

--- Replaces a message's text in the buffer, if it is shown.
---@param view dingbridge.View
---@param message dingbridge.Message
---@param before string
---@return boolean whether it is shown as it is; only a piece of it may be there
function M.rewrite(view, message, before)
  local buffer, heading = view.buffer, view.marks[message.id]
  if not heading then
    return true
  elseif view.growing and view.growing.message == message then
    return false
  end
  local old = all_lines(vim.tbl_extend('force', message, { text = before }))
  local new = all_lines(message)
  local first, same = 1, 0 -- first line that differs, and the number of equal lines at the end
  while first < math.min(#old, #new) and old[first + 1] == new[first + 1] do
    first = first + 1
  end
  while same < math.min(#old, #new) - first and old[#old - same] == new[#new - same] do
    same = same + 1
  end
  local at = vim.api.nvim_buf_get_extmark_by_id(buffer, message_format.namespace, heading, {})[1]
  local row, lines = at + first, vim.list_slice(new, first + 1, #new - same)
  local following = transcript_buffer.followers(buffer)
  links.clear(buffer, row, at + #old - same)
  links.put(buffer, row, at + #old - same, lines)
  highlight.changed(buffer, heading, at, at + #new)
  if view.growing and view.growing.row > at then
    view.growing.row = view.growing.row + #new - #old
  end
  for _, window in ipairs(following) do
    transcript_buffer.to_end(window, buffer)
  end
  return true
end

--- Removes messages from the buffer, if it contains the whole transcript in Lua.
---@param view dingbridge.View
---@param transcript dingbridge.Transcript
---@param messages dingbridge.Message[]
---@return boolean done
function M.remove(view, transcript, messages)
  if not transcript_buffer.is_complete(view, transcript) then
    return false
  end
  local buffer = view.buffer
  for _, message in ipairs(messages) do
    local heading = view.marks[message.id]
    local row = vim.api.nvim_buf_get_extmark_by_id(buffer, message_format.namespace, heading, {})[1]
    local ends = message_rows.ends(buffer, message_format.namespace, row)
    links.clear(buffer, row, ends)
    turn_steps.clear(buffer, row, ends)
    highlight.changed(buffer, heading, row, ends)
    day_separators.remove(view, heading)
    vim.api.nvim_buf_del_extmark(buffer, message_format.namespace, heading)
    view.is_empty = row == 0 and ends == vim.api.nvim_buf_line_count(buffer)
    vim.bo[buffer].modifiable = true
    vim.api.nvim_buf_set_lines(buffer, row, ends, false, {})
    vim.bo[buffer].modifiable = false
    view.marks[message.id] = nil
    view.ids[by_id.key(heading)] = nil
  end
  return true
end

return M
