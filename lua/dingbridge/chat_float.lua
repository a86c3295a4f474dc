--- Floating windows of a chat: the transcript, and the draft right below it.

local M = {}

local LAYER = 40 -- below completion menus and notices

--- Where the two windows are: in the middle of the editor, with borders around both.
---@param size { width: integer, height: integer } of both, with their borders
---@param draft_height integer
---@return vim.api.keyset.win_config transcript
---@return vim.api.keyset.win_config draft
local function places(size, draft_height)
  local rows = vim.o.lines - vim.o.cmdheight
  local left = math.floor((vim.o.columns - size.width) / 2)
  local top = math.floor((rows - size.height) / 2)
  local height = math.max(1, size.height - draft_height - 4)
  local function place(row, lines)
    return {
      relative = 'editor',
      row = row,
      col = left,
      width = math.max(1, size.width - 2),
      height = math.max(1, lines),
    }
  end
  return place(top, height), place(top + height + 2, draft_height)
end

--- Opens one of the two windows.
---@param buffer integer
---@param is_draft boolean
---@param size { width: integer, height: integer }
---@param draft_height integer
---@return integer window
function M.open(buffer, is_draft, size, draft_height)
  local transcript, draft = places(size, draft_height)
  local config = is_draft and draft or transcript
  config.border, config.zindex = 'rounded', LAYER
  return vim.api.nvim_open_win(buffer, true, config)
end

--- Gives both windows a size.
---@param transcript integer window
---@param draft integer window
---@param size { width: integer, height: integer } of both, with their borders
---@param draft_height? integer
function M.fit(transcript, draft, size, draft_height)
  draft_height = draft_height or vim.api.nvim_win_get_height(draft)
  local both = { transcript, draft }
  for number, place in ipairs({ places(size, draft_height) }) do
    vim.api.nvim_win_set_config(both[number], place)
  end
end

--- Gives a number of lines to the draft, and the rest to the transcript.
---@param transcript integer window
---@param draft integer window
---@param draft_height integer
function M.divide(transcript, draft, draft_height)
  local height = 4 -- of the borders
  for _, window in ipairs({ transcript, draft }) do
    height = height + vim.api.nvim_win_get_height(window)
  end
  local width = vim.api.nvim_win_get_width(transcript) + 2
  M.fit(transcript, draft, { width = width, height = height }, draft_height)
end

return M
