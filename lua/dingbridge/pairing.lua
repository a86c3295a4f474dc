--- Lets the user choose a person to accept, deny or remove.

local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local PROMPTS = {
  pair = 'choose_pair',
  deny = 'choose_deny',
  revoke = 'choose_revoke',
}

--- Asks with `vim.ui.select`, then runs the command. Later updates do not wait.
---@param command 'pair'|'deny'|'revoke'
---@param rows { [1]: string, [2]: string }[] what the command takes, each with who that is
function M.choose(command, rows)
  vim.schedule(function()
    vim.ui.select(rows, {
      prompt = say(PROMPTS[command]),
      kind = 'dingbridge_pairing',
      format_item = function(row)
        return ('%s  %s'):format(row[1], row[2])
      end,
    }, function(row)
      if row then
        -- `:Chat` may belong to another plugin.
        vim.api.nvim_cmd({ cmd = 'DingTalk', args = { command .. ' ' .. row[1] } }, {})
      end
    end)
  end)
end

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
