--- Who asks for access, and who has it.

local state = require('dingbridge.state')

local M = {}

--- Takes the open requests and the pairings of an account. Removes the notices of requests that were
--- decided or have expired.
---@param update { account: string, asking: { [1]: string, [2]: string }[], paired: { [1]: string, [2]: string }[] }
function M.update(update)
  local before = state.let_in[update.account]
  state.let_in[update.account] = { asking = update.asking, paired = update.paired }
  local corner = package.loaded['dingbridge.corner']
  for _, row in ipairs(corner and before and before.asking or {}) do
    local is_open = vim.iter(update.asking):any(function(one)
      return one[1] == row[1]
    end)
    if not is_open then
      corner.remove(row[1]:match('[^:]*$')) -- the code without the account
    end
  end
end

return M
