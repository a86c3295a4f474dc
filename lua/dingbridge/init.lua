--- The Lua interface of dingbridge. All functions answer from tables, without asking another process.

local say = require('dingbridge.say')

local M = {}

---@type dingbridge.Written what the settings give, as written; nil before they were looked at
local written = nil
--- The status according to the settings, before a host has read them.
local before = { mode = 'off', account = '', last_error = '' }
---@type string[] what the editor finds wrong with the settings
local problems = {}
local responder ---@type (fun(message: table, reply: fun(text: string)))|nil

--- Applies these settings.
---@param given any
---@return any raw the table with the options
---@return string path of that table, empty for `given`
---@return dingbridge.Foreseen[] accounts none when there are problems
local function take(given)
  local raw, path
  problems, raw, written, path = require('dingbridge.options').check(given)
  if problems[1] then
    -- Checked again, as only now the language is known that these settings name.
    problems = require('dingbridge.options').check(given)
    local reason = say('settings_unusable', { problems = table.concat(problems, '; ') })
    before = { mode = 'off', account = '', last_error = reason }
    return raw, path, {}
  end
  local accounts, meant = require('dingbridge.accounts').foresee(written)
  local mode = accounts[meant].mode
  before = { mode = mode, account = mode == 'off' and '' or meant, last_error = '' }
  return raw, path, vim.tbl_values(accounts)
end

---@return dingbridge.Written
local function in_force()
  if not written then
    take({})
  end
  return written
end

--- The value of an editor-wide option: as written, or the default.
---@param name string
---@return any
local function value(name)
  return (require('dingbridge.accounts').value(in_force().outer, name))
end

--- The option `language`; `auto` for an invalid one.
---@return 'auto'|'en'|'zh'
function M.language()
  local language = value('language')
  return (language == 'en' or language == 'zh') and language or 'auto'
end

--- Sets the bridge up. May be called again to change settings while it runs.
---@param opts? dingbridge.Options|dingbridge.Setup
function M.setup(opts)
  local host = require('dingbridge.host')
  local raw, path, accounts = take(opts or {})
  local answer = value('responder')
  responder = type(answer) == 'function' and answer or nil
  host.configure(raw, path, problems)
  host.register()
  local wanted = value('autostart') and accounts or {}
  vim.schedule(function()
    require('dingbridge.autostart').plan(wanted)
  end)
  if #problems > 0 then
    require('dingbridge.notice').show(
      say('settings_problems', { problems = table.concat(problems, '\n  ') }),
      'error'
    )
  end
end

--- The problems that the editor finds in the settings, one sentence each.
---@return string[]
function M.problems()
  in_force()
  return problems
end

--- The mode according to the settings, as far as the editor knows it.
---@return 'off'|'webhook'|'api'|'unknown'
function M.mode()
  in_force()
  return before.mode
end

--- The key that sends a draft, or nil. The default if the given one is invalid.
---@return string|nil
function M.send_key()
  local key = value('send_key')
  if type(key) == 'string' and key ~= '' then
    return key
  end
  return key ~= false and require('dingbridge.generated').options.send_key.default or nil
end

--- What the settings say of the keys of the chat, by name: a key, or false for none.
---@return dingbridge.Keys
function M.keys()
  local given = value('keys')
  return type(given) == 'table' and given or {}
end

--- Where a chat opens, and how large.
---@return dingbridge.Layout
function M.window()
  local found = {}
  for _, name in ipairs({ 'layout', 'width', 'height' }) do
    local default = require('dingbridge.generated').options['window.' .. name].default
    local given = value('window.' .. name)
    if name ~= 'layout' then
      given = tonumber(given)
    end
    found[name] = given or default
  end
  return found
end

--- The Lua responder, or nil.
---@return (fun(message: table, reply: fun(text: string)))|nil
function M.responder()
  return responder
end

--- Sends text in a session, as if it had been typed there, a file, or a file after some text.
---@param text? string nil for a file alone
---@param opts? { session?: string, target?: string, file?: string } `session`: the current one when not given;
--- `target`: `dingtalk:user:<id>`, `dingtalk:group:<id>` or `dingtalk:<account>:user:<id>`, instead of
--- the conversation that the session's bar names;
--- `file`: a path, sent as the file is now
---@return string id of the message
---@return string|nil file_id id of the file's own message, when there is text as well
function M.send(text, opts)
  opts = opts or {}
  local drafts = require('dingbridge.drafts')
  local id = drafts.new_id()
  local file_id = opts.file and text and drafts.new_id() or nil
  local state = require('dingbridge.state')
  local session = opts.session or state.current
  require('dingbridge.host').tell('send', {
    id = id,
    text = text,
    session = session,
    begun_for = require('dingbridge.destination').named(session),
    opened = not opts.session and state.opened or nil,
    target = opts.target,
    file = opts.file and vim.fn.fnamemodify(opts.file, ':p'),
    file_id = file_id,
  })
  return id, file_id
end

--- Sends text to the robot's group or the configured target, outside any session; or to `target`,
--- which is `dingtalk:<id>` or `dingtalk:<account>:<id>`.
---@param text string
---@param opts? { target?: string, title?: string, at_user_ids?: string[], at_mobiles?: string[], at_all?: boolean }
---@return string id of the message
function M.notify(text, opts)
  local id = require('dingbridge.drafts').new_id()
  local request = vim.tbl_extend('force', opts or {}, { id = id, text = text })
  require('dingbridge.host').tell('notify', request)
  return id
end

--- Tells the phone when something ends or changes, while the user is away (`notify_when`).
---@param watch dingbridge.Watch
---@return integer id for `unwatch()`
function M.watch(watch)
  return require('dingbridge.watch').watch(watch)
end

--- Ends a `watch()`.
---@param id integer
function M.unwatch(id)
  require('dingbridge.watch').unwatch(id)
end

---@return dingbridge.Status
function M.status()
  local state = require('dingbridge.state')
  if state.status then
    local status = vim.deepcopy(state.status)
    status.approvals = #state.approvals
    status.unread = state.count_unread()
    return status
  end
  in_force()
  return {
    mode = before.mode,
    connected = false,
    account = before.account,
    session = '',
    owner = '',
    link = 'off',
    target = '',
    queued = 0,
    failed = 0,
    refused = 0,
    asking = 0,
    approvals = 0,
    unread = 0,
    last_error = before.last_error,
    cool_down_until = 0,
    cool_down = '',
    quota = '',
    accounts = {},
  }
end

--- A short text for a status line; empty when DingTalk is not set up.
---@return string
function M.statusline()
  return require('dingbridge.status_line').text()
end

--- All sessions, the newest first.
---@return dingbridge.Session[]
function M.sessions()
  local state = require('dingbridge.state')
  local sessions = vim.deepcopy(state.sessions)
  for _, session in ipairs(sessions) do
    session.unread = state.count_unread(session.id)
  end
  return sessions
end

--- A session's messages; empty for one that was not opened yet. Of a long one that was opened a
--- moment ago they are the latest.
---@param id? string that of the session that `send()` would use, when not given
---@return dingbridge.Message[]
function M.transcript(id)
  local state = require('dingbridge.state')
  local meant = state.session(state.current) and state.current or state.unshown
  return vim.deepcopy(state.messages(id or meant))
end

return M
