--- A source for nvim-cmp, which registers itself with the first draft, or later when nvim-cmp is loaded:
---
---     sources = { { name = 'dingbridge' } }

local M = {}
M.__index = M

local is_registered = false

--- Registers the source, unless it was done. nvim-cmp has to be loaded, or about to be.
function M.register()
  if not is_registered then
    is_registered = true
    require('cmp').register_source('dingbridge', setmetatable({}, M))
  end
end

---@return boolean
function M:is_available()
  return vim.bo.filetype == 'dingbridge-draft'
end

--- Positions of items count bytes.
---@return string
function M:get_position_encoding_kind()
  return 'utf-8'
end

---@return string[]
function M:get_trigger_characters()
  return { '@', '/' }
end

--- The text that belongs to a word, as a pattern of Vim.
---@return string
function M:get_keyword_pattern()
  return [[\%(@\S*\|/\w*\)]]
end

---@param params { context: { bufnr: integer, cursor_before_line: string, cursor: { row: integer } } }
---@param callback fun(response: table)
function M:complete(params, callback)
  local context = params.context
  local session = vim.b[context.bufnr].dingbridge_session
  local before, row = context.cursor_before_line, context.cursor.row - 1
  callback(require('dingbridge.draft_completion').items(session, before, row))
end

return M
