--- The chat on the screen: the transcript above, the draft below, each a buffer of its own.
---
--- Two buffers, because Neovim's undo knows lines by number: text put above a draft in the same
--- buffer would make the user's own undo change the wrong lines. What arrives never touches the
--- buffer that is being written in.

local buffers = require('dingbridge.buffers')
local drafts = require('dingbridge.drafts')
local link_actions = require('dingbridge.link_actions')
local links = require('dingbridge.links')
local look = require('dingbridge.look')
local markdown = require('dingbridge.markdown')
local say = require('dingbridge.say')
local store = require('dingbridge.store')
local windows = require('dingbridge.windows')

local M = {}

local SLICE = 5e6 -- nanoseconds of adding messages, after which the user's keys have their turn

---@class dingbridge.View
---@field buffer integer
---@field marks table<string, integer> extmark of each message's heading
---@field shown integer how many messages of the transcript are in the buffer
---@field waiting boolean whether more are about to be added

---@type table<string, dingbridge.View> by session
local views = {}

---@param session string
---@return string
local function name_of(session)
  return 'chat://' .. session
end

--- The view of a session that has one.
---@param session string
---@return dingbridge.View|nil
local function view_of(session)
  return buffers.get(name_of(session)) and views[session]
end

---@param session string
---@return dingbridge.View
local function make_view(session)
  local buffer = buffers.make(name_of(session), session)
  views[session] = { buffer = buffer, marks = {}, shown = 0, waiting = false }
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'dingbridge'
  markdown.transcript(buffer, look.namespace)
  for _, key in ipairs({ 'i', 'a', 'o', 'I', 'A', 'O' }) do
    vim.keymap.set('n', key, function()
      M.open(session)
      vim.cmd.startinsert({ bang = true })
    end, { buffer = buffer, desc = say('key_write') })
  end
  for key, does in pairs(link_actions.KEYS) do
    vim.keymap.set('n', key, does[1], { buffer = buffer, desc = say(does[2]) })
  end
  vim.api.nvim_create_autocmd('BufReadCmd', {
    buffer = buffer,
    desc = 'Show the transcript again on :edit',
    callback = function()
      M.add(session, true)
    end,
  })
  M.add(session, false)
  return views[session]
end

---@param window integer
---@param buffer integer
local function to_end(window, buffer)
  vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
end

--- Shows a session and puts the cursor into its draft.
---@param session string
function M.open(session)
  local view = view_of(session) or make_view(session)
  local window, is_new = windows.show(view.buffer, drafts.buffer(session))
  if is_new then
    to_end(window, view.buffer)
  end
  store.current = session
end

--- Closes the windows of a session and removes its buffers.
---@param session string
function M.close(session)
  views[session] = nil
  drafts.close(session)
  buffers.remove(name_of(session))
end

--- The windows that show the end of a transcript and go on showing it. The one the user is in is
--- not among them: its cursor is theirs.
---@param buffer integer
---@return integer[]
local function followers(buffer)
  local current = vim.api.nvim_get_current_win()
  local last = vim.api.nvim_buf_line_count(buffer)
  return vim.tbl_filter(function(window)
    return window ~= current and vim.api.nvim_win_get_cursor(window)[1] >= last - 1
  end, vim.fn.win_findbuf(buffer))
end

--- The columns that all windows of a transcript have, at most enough to read well.
---@param buffer integer
---@return integer
local function width_of(buffer)
  local width = 74
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    width = math.min(width, vim.api.nvim_win_get_width(window))
  end
  return width
end

--- Puts the next messages of the transcript at the end of its buffer, as many as time allows.
---@param view dingbridge.View
---@param transcript dingbridge.Message[]
local function add_slice(view, transcript)
  local buffer = view.buffer
  local ends = vim.uv.hrtime() + SLICE
  local following = followers(buffer)
  -- Lines are only ever added after the last one, so that no mark and no cursor is touched.
  local start = view.shown == 0 and 0 or vim.api.nvim_buf_line_count(buffer)
  local lines, headings = {}, {}
  repeat
    view.shown = view.shown + 1
    local message = transcript[view.shown]
    headings[#headings + 1] = { row = start + #lines, message = message }
    vim.list_extend(lines, look.lines(message))
  until view.shown == #transcript or vim.uv.hrtime() > ends
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, start, -1, false, lines)
  vim.bo[buffer].modifiable = false
  links.mark(buffer, start, lines)
  local width = width_of(buffer)
  for _, heading in ipairs(headings) do
    local message = heading.message
    view.marks[message.id] = vim.api.nvim_buf_set_extmark(
      buffer,
      look.namespace,
      heading.row,
      0,
      look.heading(message, width, view.marks[message.id])
    )
  end
  for _, window in ipairs(following) do
    to_end(window, buffer)
  end
end

---@param session string
local function catch_up(session)
  local view, transcript = view_of(session), store.transcripts[session]
  if not view then
    return
  end
  view.waiting = false
  if transcript and view.shown < #transcript then
    add_slice(view, transcript)
  end
  if transcript and view.shown < #transcript then
    view.waiting = true
    vim.defer_fn(function()
      catch_up(session)
    end, 1)
  end
end

--- Shows what was added to a transcript, below what is there.
---@param session string
---@param reset boolean whether the transcript begins anew
function M.add(session, reset)
  local view = view_of(session)
  if not view then
    return
  end
  if reset then
    local buffer = view.buffer
    view.marks, view.shown = {}, 0
    vim.api.nvim_buf_clear_namespace(buffer, look.namespace, 0, -1)
    markdown.transcript(buffer, look.namespace)
    links.clear(buffer)
    vim.bo[buffer].modifiable = true
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
    vim.bo[buffer].modifiable = false
  end
  if not view.waiting then
    catch_up(session)
  end
end

--- Shows what became of a message, at the message.
---@param session string
---@param message dingbridge.Message
function M.show_fate(session, message)
  local view = view_of(session)
  local mark = view and view.marks[message.id]
  if not mark then
    return
  end
  local at = vim.api.nvim_buf_get_extmark_by_id(view.buffer, look.namespace, mark, {})
  if at[1] then
    local following = followers(view.buffer)
    local heading = look.heading(message, width_of(view.buffer), mark)
    vim.api.nvim_buf_set_extmark(view.buffer, look.namespace, at[1], 0, heading)
    -- The lines of a reason must not push the end out of sight. Neovim scrolls for them only when
    -- the cursor comes from elsewhere.
    for _, window in ipairs(following) do
      vim.api.nvim_win_set_cursor(window, { 1, 0 })
      to_end(window, view.buffer)
    end
  end
end

--- Text as a part of a status line that stands for nothing but itself.
---@param text string
---@return string
local function as_text(text)
  return (look.one_line(text):gsub('%%', '%%%%'))
end

--- The account that a session is bound to.
---@param session string
---@return dingbridge.AccountStatus|nil
local function account_of(session)
  for _, account in ipairs(store.status and store.status.accounts or {}) do
    if account.session == session then
      return account
    end
  end
end

--- What the line above a transcript says of its link.
---@param session string
---@return string
local function link_of(session)
  local account, status = account_of(session), require('dingbridge').status()
  if not account then
    return status.mode ~= 'off' and say('not_bound') or ''
  elseif account.account == status.account then
    return require('dingbridge').statusline()
  end
  return ('DingTalk (%s) %s'):format(account.account, account.connected and '●' or '○')
end

--- The line above each chat window, from the tables alone.
---@return string
function M.bar()
  local buffer = vim.api.nvim_get_current_buf()
  local id = vim.b[buffer].dingbridge_session
  local session = id and store.session(id)
  if not session then
    return ''
  end
  if vim.endswith(vim.api.nvim_buf_get_name(buffer), '/draft') then
    return require('dingbridge.destination').bar(id, require('dingbridge').send_key())
  end
  return ('%%#Title# %%<%s %%=%%#Comment#%s '):format(as_text(session.title), as_text(link_of(id)))
end

--- Lets the user choose a session.
function M.pick()
  if #store.sessions == 0 then
    require('dingbridge.notice').show(say('no_session'))
    return
  end
  vim.ui.select(store.sessions, {
    prompt = say('sessions'),
    format_item = function(session)
      local mark = session.bound and '  (DingTalk)' or ''
      return look.one_line(session.title) .. mark
    end,
  }, function(session)
    if session then
      require('dingbridge.host').tell('open', { session = session.id })
    end
  end)
end

return M
