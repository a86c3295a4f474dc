--- The user's settings on their way to the host: which revision it has, and which one is in force.

local unconfirmed = require('dingbridge.lazily')('dingbridge.unconfirmed')

local M = {}

local revision, sent_revision, revision_in_force = 0, nil, nil
local key, key_of ---@type string|nil, integer|nil the key of that revision, see `M.key`
local settings = { options = {} } ---@type { options: table, problems?: string[] } no problems before `setup()`

--- The user's table with functions replaced by a marker: a function cannot leave the editor.
---@param value any
---@return any
local function sendable(value)
  if type(value) == 'function' then
    return { lua = true }
  elseif type(value) == 'table' then
    return vim.tbl_map(sendable, value)
  end
  return value
end

--- The user's table as it was written.
---@return table
function M.options()
  return settings.options
end

--- Keeps the user's table for the host, as a new revision.
---@param options table
---@param problems string[] what the editor finds wrong with it
function M.set(options, problems)
  -- A table that holds itself, or has names and positions, cannot leave the editor.
  if problems[1] and not pcall(function()
    vim.api.nvim_call_function('type', { sendable(options) })
  end) then
    options = {}
  end
  settings = { options = options, problems = problems }
  revision = revision + 1
end

--- Identifies the settings that decide where a message goes, see `unconfirmed.settings_key`.
---@return string
function M.key()
  if key_of ~= revision then
    key, key_of = unconfirmed.settings_key(sendable(settings.options)), revision
  end
  return key
end

--- The service has put the settings of this revision into force.
---@param in_force integer
function M.configured(in_force)
  revision_in_force = in_force
end

--- Whether the latest settings are in force.
---@return boolean
function M.is_configured()
  return revision_in_force == revision
end

--- The user's table, and the folder that its relative paths refer to.
---@return { options: table, cwd: string }
function M.settings()
  return { options = sendable(settings.options), cwd = vim.fn.getcwd() }
end

--- The settings, if the host does not have this revision yet, else nil.
---@return table|nil
function M.new_settings()
  if sent_revision == revision then
    return nil
  end
  sent_revision = revision
  return vim.tbl_extend('error', M.settings(), {
    problems = settings.problems or { require('dingbridge.chat_module').hint() },
    data = vim.fn.stdpath('data'),
    log = vim.fn.stdpath('log'),
    pid = vim.fn.getpid(),
    revision = revision,
    has_screen = #vim.api.nvim_list_uis() > 0,
    key = M.key(),
  })
end

--- The host ended: the next one needs the settings again.
function M.forget_sent()
  sent_revision = nil
end

return M
