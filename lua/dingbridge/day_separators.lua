--- The lines between messages of different days. They are virtual, one above the first message of each
--- day; above the first of all there is no room, so its day stands behind its heading.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')

local M = {}

local namespace = vim.api.nvim_create_namespace('dingbridge_days')

---@param time number Unix seconds
---@return string
local function day_of(time)
  return tostring(os.date('%Y-%m-%d', math.floor(time)))
end

--- A day in words, the same in every locale.
---@param day string
---@return string
local function words(day)
  local now = os.date('*t') --[[@as osdate]]
  local yesterday = os.time({ year = now.year, month = now.month, day = now.day - 1, hour = 12 })
  if day == day_of(os.time()) then
    return say('day_today', { day = day })
  elseif day == day_of(yesterday) then
    return say('day_yesterday', { day = day })
  end
  return day
end

---@param view dingbridge.View
---@param message dingbridge.Message
---@return integer|nil
local function row_of(view, message)
  local mark = view.marks[message.id]
  return mark and vim.api.nvim_buf_get_extmark_by_id(view.buffer, message_format.namespace, mark, {})[1]
end

--- What stands behind the heading of a message: the day of the highest one, unless the chat begins
--- today; else nothing.
---@param view dingbridge.View
---@param message dingbridge.Message
---@return string
function M.behind(view, message)
  local day = view.highest == message and view.days[view.marks[message.id]]
  return day and day ~= view.today and words(day) or ''
end

---@param view dingbridge.View
---@param row integer
---@param mark integer that of the heading, which names the separator as well
local function draw(view, row, mark)
  local day = view.days[mark]
  local decoration = { id = mark, undo_restore = false, strict = false }
  local behind = view.highest and view.marks[view.highest.id] == mark and M.behind(view, view.highest)
  if behind == '' then
    vim.api.nvim_buf_del_extmark(view.buffer, namespace, mark)
    return
  elseif behind then
    decoration.virt_text, decoration.virt_text_pos = { { behind, 'DingbridgeDay' } }, 'eol'
  else
    local text = ('── %s ──'):format(words(day))
    decoration.virt_lines = { { { text, 'DingbridgeDay' } } }
    decoration.virt_lines_above, decoration.virt_lines_leftcol = true, true
  end
  vim.api.nvim_buf_set_extmark(view.buffer, namespace, row, 0, decoration)
end

--- Draws the separator above a message, or removes it.
---@param view dingbridge.View
---@param message dingbridge.Message
---@param day string of the message
---@param above string|nil day of the message above it
---@return boolean drawn
local function separate(view, message, day, above)
  local mark = view.marks[message.id]
  if above == day then
    if view.days[mark] then
      M.remove(view, mark)
    end
    return false
  end
  local row = row_of(view, message)
  if row then
    view.days[mark] = day
    draw(view, row, mark)
  end
  return row ~= nil
end

--- Draws all separators again on another day, because "today" is not what it was.
---@param view dingbridge.View
local function refresh(view)
  local today = day_of(os.time())
  if view.today ~= today then
    view.today = today
    for mark in pairs(view.days) do
      local at = vim.api.nvim_buf_get_extmark_by_id(view.buffer, namespace, mark, {})
      if at[1] then
        draw(view, at[1], mark)
      end
    end
  end
end

--- Draws the separators of messages that were added to a view.
---@param view dingbridge.View
---@param messages dingbridge.Message[] from above
---@param is_last boolean whether they stand below all others
---@return boolean drawn whether one stands between two messages now
function M.add(view, messages, is_last)
  refresh(view)
  local highest, lowest = view.highest, view.lowest
  local above = is_last and lowest and day_of(lowest.time) or nil
  local drawn = false
  if not is_last or not highest then
    view.highest = messages[1]
  end
  if is_last or not lowest then
    view.lowest = messages[#messages]
  end
  for _, message in ipairs(messages) do
    local day = day_of(message.time)
    drawn = separate(view, message, day, above) and above ~= nil or drawn
    above = day
  end
  if not is_last and highest then
    drawn = separate(view, highest, day_of(highest.time), above) or drawn
  end
  return drawn
end

--- Removes the separator of a message.
---@param view dingbridge.View
---@param mark integer of its heading
function M.remove(view, mark)
  view.days[mark] = nil
  vim.api.nvim_buf_del_extmark(view.buffer, namespace, mark)
end

--- Draws the separators again where messages were removed.
---@param view dingbridge.View
---@param before dingbridge.Message[] all messages there were
---@param is_left fun(message: dingbridge.Message): boolean
function M.close_gaps(view, before, is_left)
  local left = vim.tbl_filter(is_left, before)
  view.highest, view.lowest = left[1], left[#left]
  local above, is_gap ---@type dingbridge.Message|nil, boolean|nil
  for _, message in ipairs(before) do
    if not is_left(message) then
      is_gap = true
    else
      if is_gap then
        separate(view, message, day_of(message.time), above and day_of(above.time))
      end
      above, is_gap = message, false
    end
  end
end

--- Removes all separators.
---@param view dingbridge.View
function M.clear(view)
  view.days, view.highest, view.lowest = {}, nil, nil
  vim.api.nvim_buf_clear_namespace(view.buffer, namespace, 0, -1)
end

return M
