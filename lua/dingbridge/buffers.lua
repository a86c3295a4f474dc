--- The buffers of the chats, by name: `chat://<session>` and `chat://<session>/draft`.

local M = {}

--- Options of a chat's buffers, whatever the user's defaults are: they have no file, and only the user
--- breaks or indents lines.
local OPTIONS = {
  bufhidden = 'hide',
  swapfile = false,
  undofile = false,
  modeline = false,
  modifiable = true,
  readonly = false,
  textwidth = 0,
  wrapmargin = 0,
  cindent = false,
  smartindent = false,
  indentexpr = '',
}

---@type table<string, integer> by name
local ours = {}

--- Our buffer of that name, unless the user has unloaded or deleted it.
---@param name string
---@return integer|nil
function M.get(name)
  local buffer = ours[name]
  return buffer and vim.api.nvim_buf_is_loaded(buffer) and buffer or nil
end

--- A new buffer. Deletes another one of that name: an unloaded one, or one restored by `:mksession`.
---@param name string
---@param session string
---@return integer
function M.make(name, session)
  local other = vim.fn.bufnr('^' .. vim.fn.escape(name, '[]*?,{}\\') .. '$')
  if other ~= -1 then
    vim.api.nvim_buf_delete(other, { force = true })
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, name)
  vim.b[buffer].dingbridge_session = session
  local own = vim.bo[buffer]
  for option, value in pairs(OPTIONS) do
    own[option] = value
  end
  -- Formatting paragraphs while typing would lose their line breaks.
  own.formatoptions = own.formatoptions:gsub('[aw]', '')
  ours[name] = buffer
  return buffer
end

---@param name string
function M.remove(name)
  local buffer = ours[name]
  ours[name] = nil
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
end

return M
