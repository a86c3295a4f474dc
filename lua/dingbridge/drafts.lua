--- Drafts: text that is not sent yet, and text that the service has not accepted yet.

local buffers = require('dingbridge.buffers')
local destination = require('dingbridge.destination')
local host = require('dingbridge.host')
local keys = require('dingbridge.keys')
local notice = require('dingbridge.notice')
local unconfirmed = require('dingbridge.unconfirmed')
local say = require('dingbridge.say')

local M = {}

---@class dingbridge.HandedOver
---@field session string
---@field text string
---@field number integer
---@field destination dingbridge.Destination

---@type table<string, dingbridge.HandedOver> by message id
local handed_over = {}
---@type table<string, dingbridge.HandedOver[]> by session: those that wait until the draft is empty
local set_aside = {}
local counter = 0

--- A unique message id, from the process, the time and a counter.
---@return string
function M.new_id()
  counter = counter + 1
  return ('%x-%x-%x'):format(vim.fn.getpid(), vim.uv.hrtime(), counter)
end

---@param buffer integer
---@return string
local function text_of(buffer)
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
  return text:match('^.*%S') or '' -- a pattern for the blanks takes quadratic time
end

--- Maps the key that sends, and unmaps the one from an earlier `setup()`.
---@param buffer integer
---@param session string
local function map_key(buffer, session)
  local key, before = require('dingbridge').send_key(), vim.b[buffer].dingbridge_send_key
  if key == before then
    return
  end
  if before then
    -- The user may have unmapped it.
    pcall(vim.keymap.del, { 'n', 'i' }, before, { buffer = buffer })
  end
  vim.b[buffer].dingbridge_send_key = key
  if key then
    vim.keymap.set({ 'n', 'i' }, key, function()
      M.send(session)
    end, { buffer = buffer, desc = say('key_send') })
  end
end

---@param buffer integer
---@param session string
local function react(buffer, session)
  vim.api.nvim_create_autocmd('BufReadCmd', {
    buffer = buffer,
    desc = 'Go on with an empty draft after :edit, which detaches from the buffer',
    callback = function()
      require('dingbridge.highlight').draft(buffer)
      destination.attach(session, buffer)
    end,
  })
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = buffer,
    callback = function(args)
      if args.match == vim.api.nvim_buf_get_name(buffer) then
        M.send(session)
      else
        local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
        vim.fn.writefile(lines, args.match)
      end
    end,
  })
  -- A draft is not 'modified', so that `:wall`, 'autowrite' and autosave plugins do not send it. On
  -- exit it is, so that Neovim asks first.
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI', 'TextChangedP' }, {
    buffer = buffer,
    callback = function()
      vim.bo[buffer].modified = false
      require('dingbridge.draft_height').fit(buffer)
      M.take_up(session)
    end,
  })
  vim.api.nvim_create_autocmd('ExitPre', {
    group = vim.api.nvim_create_augroup('dingbridge_draft_' .. session, {}),
    callback = function()
      if vim.api.nvim_buf_is_loaded(buffer) then
        vim.bo[buffer].modified = text_of(buffer) ~= '' or set_aside[session] ~= nil
      end
    end,
  })
end

--- The buffer of a session's draft; created if missing.
---@param session string
---@return integer
function M.buffer(session)
  local buffer = buffers.get(session, 'draft')
  if not buffer then
    buffer = buffers.make(session, 'draft')
    vim.bo[buffer].buftype = 'acwrite'
    -- Before the user's own mappings for this file type.
    keys.map(buffer)
    vim.bo[buffer].omnifunc = "v:lua.require'dingbridge.draft_completion'.omnifunc"
    vim.bo[buffer].filetype = 'dingbridge-draft'
    require('dingbridge.highlight').draft(buffer)
    destination.follow(session, buffer)
    react(buffer, session)
    if package.loaded.cmp then
      require('dingbridge.nvim_cmp').register()
    end
  end
  keys.map(buffer)
  map_key(buffer, session)
  return buffer
end

--- Removes a session's draft.
---@param session string
function M.close(session)
  buffers.remove(session, 'draft')
end

---@param buffer integer
---@param first integer the first line to replace, -1 for none of them
---@param last integer the line after the last one to replace, -1 for all
---@param lines string[]
local function put(buffer, first, last, lines)
  -- A separate undo step, even in insert mode: setting the option closes the current one.
  vim.bo[buffer].undolevels = vim.bo[buffer].undolevels
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].undolevels = vim.bo[buffer].undolevels
  vim.bo[buffer].modified = false
  require('dingbridge.draft_height').fit(buffer)
end

--- The text of the session's draft, without blanks at its end.
---@param session string
---@return string
function M.text(session)
  return text_of(M.buffer(session))
end

--- Replaces the text of the session's draft.
---@param session string
---@param lines string[]
function M.replace(session, lines)
  local buffer = M.buffer(session)
  put(buffer, 0, -1, lines)
  destination.settle(session, buffer)
end

--- Puts lines below the text of the session's draft.
---@param session string
---@param lines string[]
function M.append(session, lines)
  local buffer = M.buffer(session)
  local is_empty = text_of(buffer) == ''
  put(buffer, is_empty and 0 or -1, -1, is_empty and lines or { '', unpack(lines) })
  destination.settle(session, buffer)
end

--- Submits the session's draft and empties it; `u` restores the text.
---@param session string
---@return string|nil id of the message; nil if there is none
function M.send(session)
  local buffer = M.buffer(session)
  local text = text_of(buffer)
  if text == '' then
    notice.show(say('draft_empty'), 'warn')
    vim.bo[buffer].modified = false
    return
  end
  local id, to = M.new_id(), destination.of_draft(session, buffer)
  if host.tell('send', { id = id, text = text, session = session, begun_for = to }) then
    handed_over[id] = { session = session, text = text, number = counter, destination = to }
    put(buffer, 0, -1, {})
    require('dingbridge.chat_window').wrote(session)
    destination.sent(session, id, to)
    destination.settle(session, buffer)
    vim.schedule(function()
      M.take_up(session)
    end)
    return id
  end
  unconfirmed.confirmed(id)
end

--- Prepends text that was typed before the session existed to its draft.
---@param session string
---@param typed { lines: string[], cursor: integer[]|nil }
function M.take_over(session, typed)
  local buffer = M.buffer(session)
  if table.concat(typed.lines) == '' then
    return
  end
  put(buffer, 0, text_of(buffer) == '' and -1 or 0, typed.lines)
  destination.settle(session, buffer)
  local window = vim.fn.win_findbuf(buffer)[1]
  if window and typed.cursor then
    vim.api.nvim_win_set_cursor(window, typed.cursor)
  end
end

--- Marks messages of a transcript as accepted.
---@param messages dingbridge.Message[]
function M.arrived(messages)
  if next(handed_over) then
    for _, message in ipairs(messages) do
      local draft = handed_over[message.id]
      if draft then
        handed_over[message.id] = nil
        destination.taken(draft.session, message.id)
      end
    end
  end
end

--- Prepends a text to the draft.
---@param draft dingbridge.HandedOver
local function bring_back(draft)
  local buffer = M.buffer(draft.session)
  local lines = vim.split(draft.text, '\n', { plain = true })
  if text_of(buffer) == '' then
    put(buffer, 0, -1, lines)
    destination.move(draft.session, draft.destination)
  else
    lines[#lines + 1] = ''
    put(buffer, 0, 0, lines)
  end
  destination.settle(draft.session, buffer)
end

--- Prepends the text of a refused message to the draft. If the draft is for another conversation, the
--- text waits until it is empty.
---@param id string
function M.put_back(id)
  local draft = handed_over[id]
  if not draft then
    return
  end
  handed_over[id] = nil
  destination.taken(draft.session, id)
  local buffer = M.buffer(draft.session)
  local now = destination.of_draft(draft.session, buffer)
  if text_of(buffer) == '' or destination.is_same(now, draft.destination) then
    bring_back(draft)
    return
  end
  set_aside[draft.session] = set_aside[draft.session] or {}
  table.insert(set_aside[draft.session], draft)
  notice.show(say('comes_back_later'), 'warn')
end

--- Puts a waiting text into an empty draft.
---@param session string
function M.take_up(session)
  local waiting = set_aside[session]
  local buffer = waiting and M.buffer(session)
  if waiting and text_of(buffer) == '' then
    local draft = table.remove(waiting, 1)
    set_aside[session] = #waiting > 0 and waiting or nil
    bring_back(draft)
  end
end

--- Prepends all texts that no host has accepted, the first one at the top.
function M.put_all_back()
  local ids = vim.tbl_keys(handed_over)
  table.sort(ids, function(one, other)
    return handed_over[one].number > handed_over[other].number
  end)
  for _, id in ipairs(ids) do
    M.put_back(id)
    -- The text belongs to the user again.
    unconfirmed.confirmed(id)
  end
end

-- A plugin manager may load nvim-cmp later than the first draft.
vim.api.nvim_create_autocmd('User', {
  group = vim.api.nvim_create_augroup('dingbridge_drafts', {}),
  pattern = 'CmpReady',
  callback = function()
    require('dingbridge.nvim_cmp').register()
  end,
})

return M
