--- The chat on the screen: the transcript above, the draft below, each a buffer of its own.
---
--- Two buffers, because Neovim's undo knows lines by number: text put above a draft in the same
--- buffer would make the user's own undo change the wrong lines. What arrives never touches the
--- buffer that is being written in.

local drafts = require('dingbridge.drafts')
local look = require('dingbridge.look')
local store = require('dingbridge.store')

local M = {}

local DRAFT_HEIGHT = 6

---@class dingbridge.View
---@field buffer integer
---@field marks table<string, integer> extmark of each message's heading

---@type table<string, dingbridge.View> by session
local views = {}

---@param session string
---@return dingbridge.View
local function view_of(session)
  local view = views[session]
  if view and vim.api.nvim_buf_is_valid(view.buffer) then
    return view
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, 'chat://' .. session)
  vim.b[buffer].dingbridge_session = session
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'dingbridge'
  look.markdown(buffer)
  for _, key in ipairs({ 'i', 'a', 'o', 'I', 'A', 'O' }) do
    vim.keymap.set('n', key, function()
      M.open(session)
      vim.cmd.startinsert({ bang = true })
    end, { buffer = buffer, desc = 'Write in the draft' })
  end
  view = { buffer = buffer, marks = {} }
  views[session] = view
  M.add(session, store.transcripts[session] or {}, true)
  return view
end

--- A window of this tab page that shows a buffer of a chat.
---@param is_draft boolean
---@return integer|nil
local function window_with(is_draft)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
    if vim.startswith(name, 'chat://') and vim.endswith(name, '/draft') == is_draft then
      return window
    end
  end
end

---@param window integer
local function dress(window)
  local of_window = { scope = 'local', win = window }
  for option, value in pairs({
    wrap = true,
    linebreak = true,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    foldenable = false,
    list = false,
    conceallevel = 2,
    winbar = "%{%v:lua.require'dingbridge.view'.bar()%}",
  }) do
    vim.api.nvim_set_option_value(option, value, of_window)
  end
end

--- A window for the transcript: the one there is, an unused one, or a new one on the right.
---@return integer
local function transcript_window()
  local window = window_with(false)
  if window then
    return window
  end
  local draft = window_with(true)
  if draft then
    vim.api.nvim_set_current_win(draft)
    vim.cmd('aboveleft split')
    return vim.api.nvim_get_current_win()
  end
  local buffer = vim.api.nvim_get_current_buf()
  local unused = vim.api.nvim_buf_get_name(buffer) == ''
    and not vim.bo[buffer].modified
    and vim.bo[buffer].buftype == ''
  if not unused then
    vim.cmd('botright vsplit')
  end
  return vim.api.nvim_get_current_win()
end

---@param window integer
---@param buffer integer
local function to_end(window, buffer)
  vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
end

--- Shows a session and puts the cursor into its draft.
---@param session string
function M.open(session)
  local view = view_of(session)
  local window = transcript_window()
  if vim.api.nvim_win_get_buf(window) ~= view.buffer then
    vim.api.nvim_win_set_buf(window, view.buffer)
    to_end(window, view.buffer)
  end
  dress(window)
  local draft = window_with(true)
  if not draft then
    vim.api.nvim_set_current_win(window)
    vim.cmd('belowright ' .. DRAFT_HEIGHT .. 'split')
    draft = vim.api.nvim_get_current_win()
  end
  vim.api.nvim_win_set_buf(draft, drafts.buffer(session))
  vim.wo[draft].winfixheight = true
  dress(draft)
  vim.api.nvim_set_current_win(draft)
  store.current = session
end

--- Closes the windows of a session and forgets its buffers.
---@param session string
function M.close(session)
  local view = views[session]
  views[session] = nil
  local draft = vim.fn.bufnr(('^chat://%s/draft$'):format(session))
  for _, buffer in ipairs({ draft, view and view.buffer or -1 }) do
    if buffer ~= -1 and vim.api.nvim_buf_is_valid(buffer) then
      vim.api.nvim_buf_delete(buffer, { force = true })
    end
  end
end

--- Adds messages below those that are there. Windows that were at the end stay at the end, but for
--- the one the user is in, whose cursor is theirs.
---@param session string
---@param messages dingbridge.Message[]
---@param reset boolean
function M.add(session, messages, reset)
  local view = views[session]
  if not view or not vim.api.nvim_buf_is_valid(view.buffer) then
    return
  end
  local buffer = view.buffer
  local current = vim.api.nvim_get_current_win()
  local last = vim.api.nvim_buf_line_count(buffer)
  local followers = vim.tbl_filter(function(window)
    return window ~= current and (reset or vim.api.nvim_win_get_cursor(window)[1] >= last - 1)
  end, vim.fn.win_findbuf(buffer))

  local start = reset and 0 or last - 1
  local lines, headings = {}, {}
  for _, message in ipairs(messages) do
    headings[#headings + 1] = { row = start + #lines, message = message }
    vim.list_extend(lines, look.lines(message))
  end
  -- The buffer ends with one empty line, and every message is put before it.
  lines[#lines + 1] = ''
  if reset then
    vim.api.nvim_buf_clear_namespace(buffer, look.namespace, 0, -1)
    view.marks = {}
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, start, -1, false, lines)
  vim.bo[buffer].modifiable = false
  for _, heading in ipairs(headings) do
    view.marks[heading.message.id] = vim.api.nvim_buf_set_extmark(
      buffer,
      look.namespace,
      heading.row,
      0,
      look.heading(heading.message)
    )
  end
  for _, window in ipairs(followers) do
    to_end(window, buffer)
  end
end

--- Shows what became of a message, at the message.
---@param session string
---@param message dingbridge.Message
function M.show_fate(session, message)
  local view = views[session]
  local mark = view and view.marks[message.id]
  if not mark or not vim.api.nvim_buf_is_valid(view.buffer) then
    return
  end
  local at = vim.api.nvim_buf_get_extmark_by_id(view.buffer, look.namespace, mark, {})
  if at[1] then
    vim.api.nvim_buf_set_extmark(view.buffer, look.namespace, at[1], 0, look.heading(message, mark))
  end
end

--- The line above each chat window, from the tables alone.
---@return string
function M.bar()
  local buffer = vim.api.nvim_win_get_buf(vim.g.statusline_winid or 0)
  local id = vim.b[buffer].dingbridge_session
  local session = id and store.session(id)
  if not session then
    return ''
  end
  local status = store.status
  local bound = status and status.session == id
  if vim.endswith(vim.api.nvim_buf_get_name(buffer), '/draft') then
    local target = bound and (' → ' .. (status.target ~= '' and status.target or 'nobody yet')) or ''
    local key = require('dingbridge').send_key()
    local how = key and (':w or ' .. key .. ' sends') or ':w sends'
    return ('%%#Comment# Draft%s%%=%s '):format(target:gsub('%%', '%%%%'), how)
  end
  local title = session.title:gsub('%%', '%%%%')
  local state = bound and require('dingbridge').statusline() or 'not bound'
  return ('%%#Title# %s%%=%%#Comment#%s '):format(title, (state:gsub('%%', '%%%%')))
end

function M.refresh_bars()
  vim.cmd.redrawstatus({ bang = true })
end

--- Lets the user choose a session.
function M.pick()
  vim.ui.select(store.sessions, {
    prompt = 'Sessions',
    format_item = function(session)
      return ('%s%s'):format(session.title, session.bound and '  (DingTalk)' or '')
    end,
  }, function(session)
    if session then
      require('dingbridge.host').tell('open', { session = session.id })
    end
  end)
end

--- A new host sends every transcript anew.
function M.forget_all()
  M.refresh_bars()
end

return M
