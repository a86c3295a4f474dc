--- A source for blink.cmp:
---
---     sources = {
---       per_filetype = { ['dingbridge-draft'] = { 'dingbridge', 'buffer' } },
---       providers = { dingbridge = { name = 'DingTalk', module = 'dingbridge.blink' } },
---     }

local M = {}
M.__index = M

---@return table
function M.new()
  return setmetatable({}, M)
end

---@return boolean
function M:enabled()
  return vim.bo.filetype == 'dingbridge-draft'
end

---@return string[]
function M:get_trigger_characters()
  return { '@', '/' }
end

---@param context { bufnr: integer, cursor: integer[], line: string }
---@param callback fun(response: table)
function M:get_completions(context, callback)
  local row, column = context.cursor[1] - 1, context.cursor[2]
  local session = vim.b[context.bufnr].dingbridge_session
  local items = require('dingbridge.draft_completion').items(session, context.line:sub(1, column), row)
  callback({ items = items, is_incomplete_forward = false, is_incomplete_backward = false })
end

return M
