--- Drafts: the text not yet sent, and what was handed to the host but not yet taken by it.

local host = require('dingbridge.host')
local notice = require('dingbridge.notice')

local M = {}

---@type table<string, { session: string, text: string }> by message id
local handed_over = {}
local counter = 0

--- An id that no other message has: this process, this moment, this call.
---@return string
function M.new_id()
  counter = counter + 1
  return ('%x-%x-%x'):format(vim.fn.getpid(), vim.uv.hrtime(), counter)
end

--- The buffer of a session's draft, made when it is not there.
---@param session string
---@return integer
function M.buffer(session)
  local name = ('chat://%s/draft'):format(session)
  local buffer = vim.fn.bufnr('^' .. vim.fn.escape(name, '[]*?,{}\\') .. '$')
  if buffer ~= -1 then
    return buffer
  end
  buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, name)
  vim.b[buffer].dingbridge_session = session
  vim.bo[buffer].buftype = 'acwrite'
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].filetype = 'dingbridge-draft'
  require('dingbridge.look').markdown(buffer)
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = buffer,
    callback = function()
      M.send(session)
    end,
  })
  local key = require('dingbridge').send_key()
  if key then
    vim.keymap.set({ 'n', 'i' }, key, function()
      M.send(session)
    end, { buffer = buffer, desc = 'Send the draft' })
  end
  return buffer
end

---@param session string
---@return string
local function text_of(session)
  local lines = vim.api.nvim_buf_get_lines(M.buffer(session), 0, -1, false)
  return (table.concat(lines, '\n'):gsub('%s+$', ''))
end

---@param session string
---@param lines string[]
local function replace(session, lines)
  local buffer = M.buffer(session)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modified = #lines > 0
end

--- Hands the session's draft to the host and empties it; `u` brings the text back.
---@param session string
function M.send(session)
  local text = text_of(session)
  if not text:find('%S') then
    notice.show('the draft is empty', 'warn')
    vim.bo[M.buffer(session)].modified = false
    return
  end
  local id = M.new_id()
  handed_over[id] = { session = session, text = text }
  if host.tell('send', { id = id, text = text, session = session }) then
    replace(session, {})
  else
    handed_over[id] = nil
  end
end

--- Messages that are in a transcript were taken.
---@param messages dingbridge.Message[]
function M.arrived(messages)
  if next(handed_over) then
    for _, message in ipairs(messages) do
      handed_over[message.id] = nil
    end
  end
end

--- The host did not take a message: its text stands in the draft again, before what is there now.
---@param id string
function M.put_back(id)
  local draft = handed_over[id]
  if not draft then
    return
  end
  handed_over[id] = nil
  local text = text_of(draft.session)
  local whole = text == '' and draft.text or (draft.text .. '\n\n' .. text)
  replace(draft.session, vim.split(whole, '\n', { plain = true }))
end

function M.put_all_back()
  for _, id in ipairs(vim.tbl_keys(handed_over)) do
    M.put_back(id)
  end
end

return M
