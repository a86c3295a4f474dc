--- The buffers of the chats, by name: `chat://<session>` and `chat://<session>/draft`.

local M = {}

--- What a chat needs, whatever the user's settings make of a new buffer: nothing is written to a
--- file, and no line is broken or indented but by the user.
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

--- The buffer of that name that was made here, unless the user has unloaded or removed it.
---@param name string
---@return integer|nil
function M.get(name)
  local buffer = ours[name]
  return buffer and vim.api.nvim_buf_is_loaded(buffer) and buffer or nil
end

--- A new buffer. What else has the name goes: an unloaded one, or one that `:mksession` restored.
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
  -- Paragraphs that are formatted while they are typed lose their line breaks.
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
