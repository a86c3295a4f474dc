--- Which plugin provides `require('chat')`: another one, or ours.

local say = require('dingbridge.say')

local M = {}

local OURS = vim.fs.joinpath(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))), 'chat.lua')

--- The file of another plugin's module `chat`, or nil.
---@return string|nil
function M.other()
  for _, name in ipairs({ 'lua/chat/init.lua', 'lua/chat.lua' }) do
    for _, file in ipairs(vim.api.nvim_get_runtime_file(name, true)) do
      if vim.uv.fs_realpath(file) ~= vim.uv.fs_realpath(OURS) then
        return file
      end
    end
  end
end

--- What to do about settings that went to another plugin's module, or nil.
---@return string|nil
function M.hint()
  local other = M.other()
  return other and say('other_chat_module', { file = other })
end

return M
