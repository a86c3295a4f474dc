--- `vim.health` with sentences that name our command.

local shown = require('dingbridge.command_name').shown

---@param report fun(text: string, advice?: string[])
---@return fun(text: string, advice?: string[])
local function naming(report)
  return function(text, advice)
    report(shown(text), advice and vim.tbl_map(shown, advice))
  end
end

return {
  ok = naming(vim.health.ok),
  info = naming(vim.health.info),
  warn = naming(vim.health.warn),
  error = naming(vim.health.error),
}
