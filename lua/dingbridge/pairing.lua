--- Lets the user choose whom to let in, among those who asked from DingTalk.

local M = {}

--- Asks the user, in whatever way they have set up; the updates after this one do not wait.
---@param account string
---@param asking { [1]: string, [2]: string }[] codes, each with who asks
function M.choose(account, asking)
  vim.schedule(function()
    vim.ui.select(asking, {
      prompt = 'Let in from DingTalk',
      kind = 'dingbridge_pairing',
      format_item = function(one)
        return ('%s  %s'):format(one[1], one[2])
      end,
    }, function(one)
      if one then
        require('dingbridge.host').tell('pair', { account = account, code = one[1] })
      end
    end)
  end)
end

return M
