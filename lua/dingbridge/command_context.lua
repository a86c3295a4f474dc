--- The context that is sent with each command, so that the host never has to query the editor.

local host = require('dingbridge.host')
local paths = require('dingbridge.paths')
local state = require('dingbridge.state')

local M = {}

--- Lines above a range, which decide whether it is inside a secret, such as a private key.
local LINES_BEFORE = 400

---@param buffer integer
---@param first integer
---@return string[]
local function lines_before(buffer, first)
  return vim.api.nvim_buf_get_lines(buffer, math.max(first - 1 - LINES_BEFORE, 0), first - 1, false)
end

--- The context of a command.
---@param range integer how many line numbers it was given
---@param first integer
---@param last integer
---@return { place: table, has_range: boolean }
function M.place(range, first, last)
  state.asked()
  local buffer = vim.api.nvim_get_current_buf()
  local name = vim.api.nvim_buf_get_name(buffer)
  local is_chat = vim.b[buffer].dingbridge_session ~= nil
  local is_named, cwd = name ~= '' and not is_chat, vim.fn.getcwd()
  local session = vim.b[buffer].dingbridge_session or state.current
  return {
    place = {
      session = session,
      begun_for = require('dingbridge.destination').named(session),
      opened = state.opened,
      cwd = cwd,
      -- Outside of the project, people on DingTalk only see the file's name.
      file = is_named and (paths.below(name, cwd) or vim.fs.basename(name)) or '',
      path = is_named and name or '',
      filetype = is_chat and 'markdown' or vim.bo[buffer].filetype,
      first_line = first,
      last_line = last,
      lines = range > 0 and vim.api.nvim_buf_get_lines(buffer, first - 1, last, false) or {},
      before = range > 0 and lines_before(buffer, first) or {},
    },
    has_range = range > 0,
  }
end

--- The same for a command that starts a host from the manifest, with the settings.
---@param range integer
---@param first integer
---@param last integer
---@return table
function M.take(range, first, last)
  if not host.is_running() and first == last and first == vim.fn.line('.') then
    -- Neovim repeats this command with another range.
    range = 0
  end
  local settings = require('dingbridge.host_settings').new_settings()
  return vim.tbl_extend('error', M.place(range, first, last), { settings = settings })
end

return M
