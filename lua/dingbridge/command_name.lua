--- The editor command in texts for the user: `:Chat`, as in the sentences, or `:DingTalk` if another
--- plugin defines `:Chat`.

local M = {}

local OURS = 'dingbridge' -- in the definition of each command of ours

--- Whether we may define a command: not `:Chat` of another plugin; `:DingTalk` always.
---@param name string
---@return boolean
function M.is_ours(name)
  local existing = vim.api.nvim_get_commands({})[name]
  return name == 'DingTalk' or not existing or existing.definition:find(OURS, 1, true) ~= nil
end

--- A sentence with our current command.
---@param text string
---@return string
function M.shown(text)
  if not text:find(':Chat', 1, true) or M.is_ours('Chat') then
    return text
  end
  return (text:gsub(':Chat%f[^%w]', ':DingTalk'))
end

--- Decides which command sentences name.
---@param about table what they are about
---@param ... string their names
function M.name_in(about, ...)
  for _, name in ipairs({ ... }) do
    about[name] = about[name] and M.shown(about[name])
  end
end

return M
