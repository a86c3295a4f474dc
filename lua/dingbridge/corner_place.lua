--- Where notices stand on the screen: not on what is read, such as the end of a transcript, the next
--- steps below it, a report or a list of keys.

local lazily = require('dingbridge.lazily')

local chat_window = lazily('dingbridge.chat_window')
local state = lazily('dingbridge.state')

local M = {}

local BORDER = 2 -- rows
local LEAST = 1 + BORDER -- rows of a box
local END = 6 -- lines at the end of a transcript, at least, that are not covered

--- What a row of the screen holds.
local FREE, READ, KEPT = 0, 1, 2 -- nothing; something that may be covered; something that is not

---@class dingbridge.CornerPlace
---@field row integer of the screen, zero-based
---@field rows integer that it has, with a border; without one if it is 1

---@return integer rows of the screen above the message area
local function bottom()
  return math.max(1, vim.o.lines - vim.o.cmdheight)
end

--- The rows of a window's text that are in use, from its first one.
---@param window integer
---@param height integer of the window
---@return integer
local function used_rows(window, height)
  local first, count = vim.fn.line('w0', window), vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
  if count - first >= height then
    return height
  end
  return math.min(height, vim.api.nvim_win_text_height(window, { start_row = first - 1 }).all)
end

--- The row of the last message's heading, from the first row of its transcript's window; nil if it is
--- not in the window.
---@param window integer
---@param session string
---@param top integer row of the screen
---@return integer|nil
local function last_heading(window, session, top)
  local messages = state.messages(session)
  local last = messages[#messages]
  local buffer, row = chat_window.row_of(session, last and last.id or '')
  local place = buffer and vim.fn.screenpos(window, row + 1, 1)
  return place and place.row > 0 and place.row - 1 - top or nil
end

--- Calls a function with what the rows of a window hold.
---@param window integer
---@param mark fun(row: integer, held: integer)
local function look(window, mark)
  local place = vim.fn.getwininfo(window)[1]
  local row = vim.api.nvim_win_get_position(window)[1]
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    for each = row, row + place.height + place.winbar + BORDER - 1 do
      mark(each, KEPT)
    end
    return
  end
  local part, session = require('dingbridge.buffers').of(place.bufnr)
  local top, height = row + place.winbar, place.height
  local is_report = vim.bo[place.bufnr].filetype == 'dingbridge-report'
  if not part and not is_report then
    return
  end
  for each = row, top - 1 do
    mark(each, part == 'transcript' and READ or KEPT)
  end
  local used = is_report and height or used_rows(window, height)
  local kept = 0
  if part == 'transcript' then
    local heading = session and session ~= '' and last_heading(window, session, top)
    kept = math.max(0, math.min(heading or math.floor(height / 2), used - END))
    -- Where all is shown, the next steps may be what the transcript is about.
    kept = vim.fn.line('w0', window) == 1 and not heading and 0 or kept
  end
  for each = 0, height - 1 do
    local is_text = each < used or part == 'draft'
    mark(top + each, is_text and each >= kept and KEPT or is_text and READ or FREE)
  end
end

--- What the rows of the screen hold in these columns.
---@param width integer columns at the right edge
---@param own integer|nil the window of the notices
---@return table<integer, integer> held by row, zero-based
---@return integer|nil below the row behind the messages of a transcript in the corner
local function survey(width, own)
  local held, below = {}, nil
  for row = 0, bottom() - 1 do
    held[row] = FREE
  end
  if not package.loaded['dingbridge.buffers'] then
    return held
  end
  local buffers = require('dingbridge.buffers')
  local left = vim.o.columns - 1 - width
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local column = vim.api.nvim_win_get_position(window)[2]
    if window ~= own and column + vim.api.nvim_win_get_width(window) > left then
      look(window, function(row, what)
        held[row] = held[row] and math.max(held[row], what)
      end)
      local is_docked = vim.api.nvim_win_get_config(window).relative == ''
      if is_docked and buffers.of(vim.api.nvim_win_get_buf(window)) == 'transcript' then
        below = vim.api.nvim_win_get_position(window)[1] + vim.api.nvim_win_get_height(window)
      end
    end
  end
  return held, below
end

--- The rows from one on that hold nothing above a limit.
---@param held table<integer, integer>
---@param row integer
---@param most integer that may be covered
---@return integer
local function room_at(held, row, most)
  local room = 0
  while held[row + room] and held[row + room] <= most do
    room = room + 1
  end
  return room
end

--- The place for notices of that size: below the messages of a transcript in the corner; else where
--- nothing is covered; else where older messages are; else a smaller one; else a line.
---@param rows integer with the border
---@param width integer with the border
---@param own integer|nil the window of the notices
---@return dingbridge.CornerPlace
function M.find(rows, width, own)
  local held, below = survey(width, own)
  if below and room_at(held, below - rows, FREE) >= rows then
    return { row = below - rows, rows = rows }
  end
  local best = { row = 0, rows = 0 }
  for _, most in ipairs({ FREE, READ }) do
    -- The first row is that of bars and tabs.
    for _, row in ipairs(vim.list_extend(vim.fn.range(1, bottom() - 1), { 0 })) do
      local room = room_at(held, row, most)
      if room >= rows then
        return { row = row, rows = rows }
      elseif room > best.rows then
        best = { row = row, rows = room }
      end
    end
  end
  if best.rows >= LEAST then
    return best
  end
  return { row = best.rows > 0 and best.row or 0, rows = 1 }
end

return M
