--- The buffers of the chats. They are found by session and part; their names are for people:
--- `chat://<title>` is a transcript and `chat://<title>/draft` its draft.

local state = require('dingbridge.state')

local M = {}

---@alias dingbridge.Part 'transcript'|'draft'

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
  formatlistpat = [[^\s*\%([-*+]\|\d\+[.)]\)\s\+]], -- for 'breakindentopt'
}

local ID_LENGTH = 6 -- of the end of a session's id, which tells apart sessions with the same title

---@type table<dingbridge.Part, table<string, integer>> by session
local ours = { transcript = {}, draft = {} }

--- A title within a name, where a slash separates the draft.
---@param title string
---@return string
local function plain(title)
  return vim.trim((title:gsub('%c+', ' '):gsub('/', '-')))
end

--- What the names of a session's buffers say of it: its title, with a part of its id where another
--- session has the same title. `starting` without a session.
---@param session string
---@return string
local function label(session)
  local known = state.session(session)
  local title = known and plain(known.title) or ''
  if title == '' then
    return session ~= '' and session or 'starting'
  end
  for _, other in ipairs(state.sessions) do
    if other.id ~= session and plain(other.title) == title then
      return ('%s (%s)'):format(title, session:sub(-ID_LENGTH))
    end
  end
  return title
end

--- The name of a session's buffer.
---@param session string
---@param part dingbridge.Part
---@return string
function M.name(session, part)
  local suffix = ''
  if part == 'draft' then
    -- Before there is a session, nothing can be sent.
    suffix = session == '' and '/text' or '/draft'
  end
  return 'chat://' .. label(session) .. suffix
end

--- The part that a buffer shows which `:mksession` restored: of a chat only its name is left. Nil for
--- any other buffer, such as one of another plugin with such a name.
---@param buffer integer
---@return dingbridge.Part|nil
function M.restored(buffer)
  local name, own = vim.api.nvim_buf_get_name(buffer), vim.bo[buffer]
  local is_bare = not own.modified
    and (own.filetype == '' and own.buftype == '' or vim.startswith(own.filetype, 'dingbridge'))
    and vim.api.nvim_buf_line_count(buffer) <= 1
    and (vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] or '') == ''
  if is_bare and vim.startswith(name, 'chat://') and not vim.b[buffer].dingbridge_part then
    return vim.endswith(name, '/draft') and 'draft' or 'transcript'
  end
end

---@param name string
---@return integer|nil
local function named(name)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer) == name then
      return buffer
    end
  end
end

--- Names a buffer. Another one of that name is deleted: an unloaded one, or one restored by
--- `:mksession`, whose windows stay. One of another session, whose own new name comes later, keeps it,
--- and so does one of another plugin.
---@param buffer integer
---@param name string
local function set_name(buffer, name)
  local other = named(name)
  if other and vim.api.nvim_buf_is_loaded(other) and not M.restored(other) then
    name = ('%s (%s)'):format(name, vim.b[buffer].dingbridge_session)
  elseif other then
    for _, window in ipairs(vim.fn.win_findbuf(other)) do
      vim.wo[window].winfixbuf = false
      vim.api.nvim_win_set_buf(window, buffer)
    end
    vim.api.nvim_buf_delete(other, { force = true })
  end
  vim.api.nvim_buf_set_name(buffer, name)
end

--- Gives a buffer another name. The current window keeps its alternate file.
---@param buffer integer
---@param name string
local function rename(buffer, name)
  local before, alternate = vim.api.nvim_buf_get_name(buffer), vim.fn.bufnr('#')
  set_name(buffer, name)
  -- Neovim keeps the old name as another buffer, the alternate file.
  local left = named(before)
  if left and left ~= buffer then
    vim.api.nvim_buf_delete(left, { force = true })
  end
  if alternate > 0 and vim.api.nvim_buf_is_valid(alternate) then
    vim.fn.setreg('#', alternate)
  end
end

--- The session and the part that a buffer shows; nil for a buffer that is no chat's.
---@param buffer integer
---@return dingbridge.Part|nil
---@return string|nil session
function M.of(buffer)
  return vim.b[buffer].dingbridge_part, vim.b[buffer].dingbridge_session
end

--- A session's buffer, unless the user has unloaded or deleted it.
---@param session string empty: before there is one
---@param part dingbridge.Part
---@return integer|nil
function M.get(session, part)
  local buffer = ours[part][session]
  return buffer and vim.api.nvim_buf_is_loaded(buffer) and buffer or nil
end

--- A new buffer.
---@param session string empty: before there is one
---@param part dingbridge.Part
---@return integer
function M.make(session, part)
  M.remove(session, part)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.b[buffer].dingbridge_session = session
  vim.b[buffer].dingbridge_part = part
  set_name(buffer, M.name(session, part))
  local own = vim.bo[buffer]
  for option, value in pairs(OPTIONS) do
    own[option] = value
  end
  -- Formatting paragraphs while typing would lose their line breaks.
  own.formatoptions = own.formatoptions:gsub('[aw]', '')
  ours[part][session] = buffer
  return buffer
end

---@param session string
---@param part dingbridge.Part
function M.remove(session, part)
  local buffer = ours[part][session]
  ours[part][session] = nil
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
end

--- Names the buffers after the sessions' present titles.
function M.rename()
  for _ = 1, 2 do -- twice, because a name may be free only once another buffer has its own
    for part, by_session in pairs(ours) do
      for session, buffer in pairs(by_session) do
        local name = M.name(session, part)
        if vim.api.nvim_buf_is_valid(buffer) and vim.api.nvim_buf_get_name(buffer) ~= name then
          rename(buffer, name)
        end
      end
    end
  end
end

return M
