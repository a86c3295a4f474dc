--- Redraws the bars above the chat windows, once for all updates of a batch.

local M = {}

local held, is_due = false, false

--- Redraws the bars now, or at `release`.
function M.refresh()
  is_due = held
  if not held then
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Defers redrawing until `release`.
function M.hold()
  held = true
end

--- Redraws the bars if `refresh` was called meanwhile.
function M.release()
  held = false
  if is_due then
    is_due = false
    M.refresh()
  end
end

return M
