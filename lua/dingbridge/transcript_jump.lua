--- Opens a session at one of its messages, once the transcript is filled up to there.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local transcript_buffer = require('dingbridge.transcript_buffer')

local M = {}

local LOOKS = 50 -- milliseconds in which the words are looked for in a message

---@class dingbridge.Jump
---@field session string
---@field message string id
---@field search dingbridge.Search
---@field is_open boolean whether the session was shown for it

--- Opens a session at a message, with the cursor at the first of some words.
---@param session string
---@param message string id
---@param search dingbridge.Search
function M.go(session, message, search)
  if state.session(session) then
    state.jump = { session = session, message = message, search = search, is_open = false }
  end
  require('dingbridge.host').tell('open', { session = session })
end

---@param window integer
---@param buffer integer
---@param row integer of the message's heading, from 0
---@param search dingbridge.Search
local function put_cursor(window, buffer, row, search)
  vim.api.nvim_set_current_win(window)
  vim.api.nvim_win_set_cursor(window, { row + 1, 0 })
  local namespace = message_format.namespace
  local below = vim.api.nvim_buf_get_extmarks(buffer, namespace, { row + 1, 0 }, -1, { limit = 1 })
  local last = below[1] and below[1][2] or vim.api.nvim_buf_line_count(buffer)
  local pattern = (search.ignores_case and '\\c' or '\\C') .. '\\V' .. vim.fn.escape(search.words[1], '\\')
  vim.fn.search(pattern, 'W', last, LOOKS)
  vim.cmd('normal! zz')
end

--- Handles that a session was opened.
---@param session string
---@param view dingbridge.View
function M.opened(session, view)
  if state.jump.session == session then
    state.jump.is_open = true
    M.try(session, view)
  elseif state.jump.is_open then
    state.jump = nil -- the user has gone elsewhere meanwhile
  end
end

--- Puts the cursor at the wanted message, if that is shown by now. To be called when more of the
--- session is shown. A message that cannot be shown any more is not wanted later either.
---@param session string
---@param view dingbridge.View
function M.try(session, view)
  local jump, transcript = state.jump, state.transcripts[session]
  local window = vim.fn.bufwinid(view.buffer)
  if not jump or jump.session ~= session or not jump.is_open or not transcript then
    return
  elseif window == -1 then
    state.jump = nil -- the user has hidden the chat meanwhile
    return
  end
  local mark = view.marks[jump.message]
  if mark then
    state.jump = nil
    local at = vim.api.nvim_buf_get_extmark_by_id(view.buffer, message_format.namespace, mark, {})
    put_cursor(window, view.buffer, at[1], jump.search)
  elseif transcript.is_whole and transcript_buffer.is_complete(view, transcript) then
    state.jump = nil
    require('dingbridge.notice').show(say('message_gone'))
  end
end

return M
