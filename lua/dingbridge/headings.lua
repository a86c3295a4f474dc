--- Draws the headings of messages in a transcript, with their fates.

local by_id = require('dingbridge.by_id')
local day_separators = require('dingbridge.day_separators')
local message_format = require('dingbridge.message_format')
local transcript_width = require('dingbridge.transcript_width')
local turn_steps = require('dingbridge.turn_steps')

local M = {}

--- Draws the heading of a message, or draws it again.
---@param view dingbridge.View
---@param row integer
---@param message dingbridge.Message
---@param width? integer columns, if they are known
---@return boolean has_lines whether a reason stands below it
function M.draw(view, row, message, width)
  width = width or transcript_width.of_view(view)
  local behind = day_separators.behind(view, message)
  local decoration = message_format.heading(message, width, view.marks[message.id], behind)
  view.marks[message.id] =
    vim.api.nvim_buf_set_extmark(view.buffer, message_format.namespace, row, 0, decoration)
  return decoration.virt_lines ~= nil
end

--- Draws the headings of messages that were added.
---@param view dingbridge.View
---@param added { row: integer, message: dingbridge.Message }[]
---@return boolean has_lines whether reasons stand below some of them
function M.add(view, added)
  local width, has_lines = transcript_width.of_view(view), false
  for _, one in ipairs(added) do
    local message = one.message
    has_lines = M.draw(view, one.row, message, width) or has_lines
    view.ids[by_id.key(view.marks[message.id])] = message.id
    turn_steps.mark(view, one.row, message)
    local column, quiet = message_format.quiet_part(message, one.row)
    vim.api.nvim_buf_set_extmark(view.buffer, message_format.quiet_namespace, one.row, column, quiet)
  end
  return has_lines
end

return M
