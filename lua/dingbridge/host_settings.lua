--- The user's settings for the host: which revision it has, and which one is in effect.

local unconfirmed = require('dingbridge.lazily')('dingbridge.unconfirmed')

local M = {}

local revision, sent_revision, revision_in_force = 0, nil, nil
local key, key_of ---@type string|nil, integer|nil the key of that revision, see `M.key`
--- The user's table, its path in the argument of `setup()`, and its problems: none before `setup()`.
local settings = { options = {}, path = '' } ---@type { options: table, path: string, problems?: string[] }

--- The user's table with functions, which cannot leave the editor, replaced by a marker.
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

--- The user's table as written.
---@return table
function M.options()
  return settings.options
end

--- Stores the user's table for the host, as a new revision.
---@param options table
---@param path string of it in the argument of `setup()`, empty for the argument
---@param problems string[] what the editor finds wrong with it
function M.set(options, path, problems)
  -- A table that contains itself, or mixes names and positions, cannot be encoded.
  if problems[1] and not pcall(function()
    vim.api.nvim_call_function('type', { sendable(options) })
  end) then
    options = {}
  end
  settings = { options = options, path = path, problems = problems }
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

--- Notes that the settings of this revision are in effect.
---@param in_force integer
function M.configured(in_force)
  revision_in_force = in_force
end

--- Whether the latest settings are in effect.
---@return boolean
function M.is_configured()
  return revision_in_force == revision
end

--- The user's table, its path in the argument of `setup()`, and the folder of its relative paths.
---@return { options: table, path: string, cwd: string }
function M.settings()
  return { options = sendable(settings.options), path = settings.path, cwd = vim.fn.getcwd() }
end

--- The session that each account had here with a host that ended; nil before any host has reported.
---@return table<string, string>|nil
local function bound_before()
  local state = require('dingbridge.state')
  if not state.status or not state.sessions[1] then
    return nil
  end
  local bound = vim.empty_dict()
  for _, account in ipairs(state.status.accounts) do
    bound[account.account] = account.session
  end
  return bound
end

--- The settings if the host does not have this revision yet, otherwise nil.
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
    bound = bound_before(),
    language = require('dingbridge').language(),
  })
end

--- Handles the end of a host: the next one needs the settings again.
function M.forget_sent()
  sent_revision = nil
end

return M
