--- Lets the user choose the argument of a command: a person to admit, or a message.

local say = require('dingbridge.say')

local M = {}

---@type table<string, { prompt: string, kind: string }>
local CHOICES = {
  pair = { prompt = 'choose_pair', kind = 'dingbridge_pairing' },
  deny = { prompt = 'choose_deny', kind = 'dingbridge_pairing' },
  revoke = { prompt = 'choose_revoke', kind = 'dingbridge_pairing' },
  retry = { prompt = 'choose_retry', kind = 'dingbridge_message' },
  drop = { prompt = 'choose_drop', kind = 'dingbridge_message' },
  recall = { prompt = 'choose_recall', kind = 'dingbridge_message' },
}

--- Asks with `vim.ui.select`, then runs the command. Later updates do not wait.
---@param command string
---@param rows { [1]: string, [2]: string }[] what the command takes, each with who or what that is
function M.choose(command, rows)
  local choice = CHOICES[command]
  vim.schedule(function()
    vim.ui.select(rows, {
      prompt = say(choice.prompt),
      kind = choice.kind,
      format_item = function(row)
        -- The id of a message tells nobody anything.
        return choice.kind == 'dingbridge_message' and row[2] or ('%s  %s'):format(row[1], row[2])
      end,
    }, function(row)
      if row then
        -- `:Chat` may belong to another plugin.
        vim.api.nvim_cmd({ cmd = 'DingTalk', args = { command .. ' ' .. row[1] } }, {})
      end
    end)
  end)
end

return M
