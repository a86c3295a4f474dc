--- Finds messages in the buffer of a transcript: each begins at a mark and ends where the next begins.

local M = {}

local NEAR = 32 -- rows above a row that are searched first for the start of its message

--- The extmark of the message at a row, if any. Neovim visits all marks of a range that is searched
--- backwards, so the search uses ranges that grow with the message.
---@param buffer integer
---@param headings integer namespace of the marks
---@param row integer zero-based
---@return vim.api.keyset.get_extmark_item|nil
function M.mark_at(buffer, headings, row)
  local rows = NEAR
  local last = row
  while last >= 0 do
    local first = math.max(0, last - rows)
    local found = vim.api.nvim_buf_get_extmarks(buffer, headings, { last, 0 }, { first, 0 }, { limit = 1 })
    if found[1] then
      return found[1]
    end
    last, rows = first - 1, 2 * rows
  end
end

--- The row behind a message.
---@param buffer integer
---@param headings integer namespace of the marks
---@param row integer of its heading
---@return integer
function M.ends(buffer, headings, row)
  local following =
    vim.api.nvim_buf_get_extmarks(buffer, headings, { row + 1, 0 }, -1, { limit = 1 })[1]
  return following and following[2] or vim.api.nvim_buf_line_count(buffer)
end

return M
