--- Shows chats again in the windows that `:mksession` restored. Of a chat it restores the name, and an
--- empty buffer.

local buffers = require('dingbridge.buffers')
local state = require('dingbridge.state')

local M = {}

local is_waiting = false -- whether there are such windows, whose sessions are not known yet

--- Windows that have the name of a chat and nothing else.
---@return { window: integer, part: dingbridge.Part, name: string }[]
local function bare()
  local found = {}
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    local part = buffers.restored(buffer)
    if part then
      found[#found + 1] = { window = window, part = part, name = vim.api.nvim_buf_get_name(buffer) }
    end
  end
  return found
end

--- Looks for such windows, and asks for the sessions if there are any.
function M.find()
  is_waiting = bare()[1] ~= nil
  if is_waiting and require('dingbridge.host').start() then
    M.show()
  end
end

--- Shows the sessions in these windows, once the sessions are known.
function M.show()
  if not is_waiting or not state.sessions[1] then
    return
  end
  is_waiting = false
  local shown = {} ---@type table<string, true>
  for _, restored in ipairs(bare()) do
    for _, session in ipairs(state.sessions) do
      if buffers.name(session.id, restored.part) == restored.name then
        shown[session.id] = true
        require('dingbridge.chat_window').restore(session.id)
        require('dingbridge.chat_layout').dress(restored.window, restored.part)
      end
    end
  end
  if next(shown) then
    require('dingbridge.host').tell('shown', { sessions = vim.tbl_keys(shown) })
  end
end

return M
