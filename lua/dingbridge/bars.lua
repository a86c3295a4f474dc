--- The lines above the chat windows: drawn again once for all that changes them together.

local M = {}

local held, is_due = false, false

--- Draws them again, now or once what is being shown is complete.
function M.refresh()
  is_due = held
  if not held then
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Puts drawing off until `release`.
function M.hold()
  held = true
end

--- Draws them again if something asked for it meanwhile.
function M.release()
  held = false
  if is_due then
    is_due = false
    M.refresh()
  end
end

return M
