--- The height of a draft's window: it grows with the text, from a few lines to a third of the chat.

local buffers = require('dingbridge.buffers')

local M = {}

M.LEAST = 3 -- lines
local MOST = 1 / 3 -- of the chat's height

--- Whether a window stands right below another one.
---@param window integer
---@param above integer
---@return boolean
local function is_below(window, above)
  local place, other = vim.api.nvim_win_get_position(window), vim.api.nvim_win_get_position(above)
  local gap = place[1] - other[1] - vim.api.nvim_win_get_height(above)
  return place[2] == other[2] and (gap == 0 or gap == 1)
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
local function fit(window, above)
  local room = vim.api.nvim_win_get_height(window) + vim.api.nvim_win_get_height(above)
  local most = math.max(M.LEAST, math.floor(room * MOST))
  local height = math.max(M.LEAST, lines_of(window, most)) + vim.fn.getwininfo(window)[1].winbar
  height = math.min(height, math.max(1, room - 2))
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    require('dingbridge.chat_float').divide(above, window, height)
  elseif is_below(window, above) and height ~= vim.api.nvim_win_get_height(window) then
    vim.api.nvim_win_set_height(window, height)
  end
end

--- Fits the windows of a draft to its text. Windows that the user has put elsewhere keep their height.
---@param draft integer buffer
function M.fit(draft)
  local _, session = buffers.of(draft)
  local transcript = session and buffers.get(session, 'transcript')
  for _, window in ipairs(transcript and vim.fn.win_findbuf(draft) or {}) do
    local tab = vim.api.nvim_win_get_tabpage(window)
    for _, above in ipairs(vim.fn.win_findbuf(transcript)) do
      if vim.api.nvim_win_get_tabpage(above) == tab then
        fit(window, above)
        break
      end
    end
  end
end

return M
