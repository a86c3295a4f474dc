--- Which editor command is ours, in what the user reads: `:Chat`, as the sentences have it, or
--- `:DingTalk` where another plugin has that one.

local M = {}

local OURS = 'dingbridge' -- in the definition of each command of ours

--- Whether we may define a command: another plugin's `:Chat` is left alone, `:DingTalk` is ours.
---@param name string
---@return boolean
function M.is_ours(name)
  local existing = vim.api.nvim_get_commands({})[name]
  return name == 'DingTalk' or not existing or existing.definition:find(OURS, 1, true) ~= nil
end

--- A sentence of ours with the command that is ours now.
---@param text string
---@return string
function M.shown(text)
  if not text:find(':Chat', 1, true) or M.is_ours('Chat') then
    return text
  end
  return (text:gsub(':Chat%f[^%w]', ':DingTalk'))
end

--- Makes sentences of ours name the command that is ours here.
---@param about table what they are about
---@param ... string their names
function M.name_in(about, ...)
  for _, name in ipairs({ ... }) do
    about[name] = about[name] and M.shown(about[name])
  end
end

return M
