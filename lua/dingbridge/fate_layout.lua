--- Lays out the fates and reasons in a transcript anew when its windows have another width: at once what
--- is on the screen, the rest in slices from the end upwards.

local by_id = require('dingbridge.by_id')
local message_format = require('dingbridge.message_format')
local state = require('dingbridge.state')
local transcript_width = require('dingbridge.transcript_width')

local chat_window = require('dingbridge.lazily')('dingbridge.chat_window')

local M = {}

local SLICE = 3e6 -- nanoseconds, after which Neovim handles keys
local PAUSE = 2 -- milliseconds between two slices
local MARKS = 50 -- that are looked at before the time is

local namespace = message_format.namespace

---@param session string
---@param view dingbridge.View
---@param marks vim.api.keyset.get_extmark_item[] of headings
local function lay_out(session, view, marks)
  for _, mark in ipairs(marks) do
    local id = view.ids[by_id.key(mark[1])]
    local message = id and state.message(session, id)
    if message and (message.delivery ~= '' or message_format.is_kept_here(message)) then
      chat_window.show_fate(session, message)
    end
  end
end

--- Lays out what is above a row. Ends when the width changes meanwhile, for then it begins anew.
---@param session string
---@param width integer
---@param below integer|nil mark of the heading above which to go on; nil to begin at the end
local function go_up(session, width, below)
  local view, ends = chat_window.view_of(session), vim.uv.hrtime() + SLICE
  while view and view.width == width do
    local at = below and vim.api.nvim_buf_get_extmark_by_id(view.buffer, namespace, below, {})[1]
    local from = at and { at - 1, -1 } or -1
    local marks = at == 0 and {}
      or vim.api.nvim_buf_get_extmarks(view.buffer, namespace, from, 0, { limit = MARKS })
    if not marks[1] then
      return
    end
    lay_out(session, view, marks)
    below = marks[#marks][1]
    if vim.uv.hrtime() > ends then
      vim.defer_fn(function()
        go_up(session, width, below)
      end, PAUSE)
      return
    end
  end
end

--- Lays out a transcript, if the width of its windows is not the one for which it is laid out.
---@param session string
local function look(session)
  local view = chat_window.view_of(session)
  local showing = view and vim.fn.win_findbuf(view.buffer) or {}
  if not view or not showing[1] or not view.width then
    return
  end
  local width = transcript_width.of(view.buffer)
  if view.width == width then
    return
  end
  view.width = width
  for _, window in ipairs(showing) do
    local first, last = vim.fn.line('w0', window), vim.fn.line('w$', window)
    local marks =
      vim.api.nvim_buf_get_extmarks(view.buffer, namespace, { first - 1, 0 }, { last - 1, -1 }, {})
    lay_out(session, view, marks)
  end
  go_up(session, width)
end

--- Watches the width of a transcript.
---@param session string
---@param buffer integer
function M.watch(session, buffer)
  local group = vim.api.nvim_create_augroup('dingbridge_fate_layout_' .. buffer, {})
  vim.api.nvim_create_autocmd('WinResized', {
    group = group,
    callback = function()
      look(session)
    end,
  })
  vim.api.nvim_create_autocmd('BufWinEnter', {
    group = group,
    buffer = buffer,
    callback = vim.schedule_wrap(function()
      look(session)
    end),
  })
  vim.api.nvim_create_autocmd('BufWipeout', {
    group = group,
    buffer = buffer,
    callback = function()
      -- Not while it runs.
      vim.schedule(function()
        pcall(vim.api.nvim_del_augroup_by_id, group) -- it may be gone with another buffer of the session
      end)
    end,
  })
end

return M
