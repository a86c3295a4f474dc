--- The height of a draft's window: it grows with the text, from a few lines to a third of the chat.
---
--- What it does not need is the transcript's, whichever windows open and close around the chat.

local buffers = require('dingbridge.buffers')

local M = {}

M.LEAST = 3 -- lines
local MOST = 1 / 3 -- of the chat's height
local LEAST_ABOVE = 2 -- lines of the transcript

--- By window of a draft: the height that its text or the user gave it, and the lines that it and its
--- transcript had then.
---@type table<integer, { height: integer, room: integer }>
local given = {}

local is_rearranged = false -- whether a window was opened or closed since sizes were looked at last

--- Whether a window stands right below another one.
---@param window integer
---@param above integer
---@return boolean
local function is_below(window, above)
  local place, other = vim.api.nvim_win_get_position(window), vim.api.nvim_win_get_position(above)
  local gap = place[1] - other[1] - vim.api.nvim_win_get_height(above)
  return place[2] == other[2] and (gap == 0 or gap == 1)
end

---@param window integer
---@return boolean
local function floats(window)
  return vim.api.nvim_win_get_config(window).relative ~= ''
end

--- The lines that a window's text takes on the screen.
---@param window integer
---@param most integer that matter
---@return integer
local function lines_of(window, most)
  local count = vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
  if count >= most then
    return most
  end
  return math.min(most, vim.api.nvim_win_text_height(window, {}).all)
end

---@param window integer of the draft
---@param above integer of the transcript
---@return integer
local function room_of(window, above)
  return vim.api.nvim_win_get_height(window) + vim.api.nvim_win_get_height(above)
end

--- Gives a draft below its transcript a height, and the transcript the other lines of both.
---@param window integer of the draft
---@param above integer of the transcript
---@param height integer
local function divide(window, above, height)
  local room = room_of(window, above)
  given[window] = { height = height, room = room }
  height = math.min(height, math.max(1, room - LEAST_ABOVE))
  local fewer = vim.api.nvim_win_get_height(window) - height
  if fewer ~= 0 then
    -- In its tab page. Setting the height could give lines to a window below, or take them from it.
    vim.api.nvim_win_call(above, function()
      vim.fn.win_move_statusline(above, fewer)
    end)
  end
end

---@param window integer of the draft
---@param above integer of the transcript
local function fit(window, above)
  local room = room_of(window, above)
  local most = math.max(M.LEAST, math.floor(room * MOST))
  local height = math.max(M.LEAST, lines_of(window, most)) + vim.fn.getwininfo(window)[1].winbar
  if floats(window) then
    height = math.min(height, math.max(1, room - LEAST_ABOVE))
    require('dingbridge.chat_float').divide(above, window, height)
  elseif is_below(window, above) then
    divide(window, above, height)
  end
end

--- After a change of sizes: where the windows are the same and the chat has as many lines as before,
--- the user has given the draft its height. Else the draft takes the height that it had.
---@param window integer of the draft
---@param above integer of the transcript
local function fit_again(window, above)
  local before = given[window]
  if not before or floats(window) or not is_below(window, above) then
    return
  elseif not is_rearranged and before.room == room_of(window, above) then
    before.height = vim.api.nvim_win_get_height(window)
  else
    divide(window, above, before.height)
  end
end

--- Calls a function with each window of a draft that has its transcript in the same tab page.
---@param draft integer buffer
---@param act fun(window: integer, above: integer)
local function each(draft, act)
  local _, session = buffers.of(draft)
  local transcript = session and buffers.get(session, 'transcript')
  for _, window in ipairs(transcript and vim.fn.win_findbuf(draft) or {}) do
    local tab = vim.api.nvim_win_get_tabpage(window)
    for _, above in ipairs(vim.fn.win_findbuf(transcript)) do
      if vim.api.nvim_win_get_tabpage(above) == tab then
        act(window, above)
        break
      end
    end
  end
end

--- Fits the windows of a draft to its text. Windows that the user has put elsewhere keep their height.
---@param draft integer buffer
function M.fit(draft)
  each(draft, fit)
end

local group = vim.api.nvim_create_augroup('dingbridge_draft_height', {})

vim.api.nvim_create_autocmd('WinResized', {
  group = group,
  callback = function()
    for _, window in ipairs(vim.v.event.windows) do
      if given[window] and vim.api.nvim_win_is_valid(window) then
        each(vim.api.nvim_win_get_buf(window), fit_again)
      end
    end
    is_rearranged = false
  end,
})

vim.api.nvim_create_autocmd({ 'WinNew', 'WinClosed' }, {
  group = group,
  callback = function(args)
    is_rearranged = true
    if args.event == 'WinClosed' then
      given[tonumber(args.match)] = nil
    end
  end,
})

return M
