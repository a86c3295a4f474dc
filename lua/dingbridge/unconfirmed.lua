--- Keeps submitted texts, files and commands that create messages until the service confirms that
--- they are durable, even if a service or host ends meanwhile. They are submitted again to the next
--- service, which ignores known ids. On exit, the rest is written to spool files for the service.

local notice = require('dingbridge.lazily')('dingbridge.notice')
local say = require('dingbridge.say')
local variable = require('dingbridge.option_values').variable

local M = {}

local OF_MESSAGES = { send = true, notify = true, command = true }
local FILE_BYTES = 1e6 -- of the largest `env_file`
local PRIVATE_FOLDER, PRIVATE_FILE = tonumber('700', 8), tonumber('600', 8)

---@class dingbridge.Asked
---@field name string of the event
---@field payload table
---@field key string of the settings under which it was asked for, see `settings_key`; it may hold secrets
---@field is_held? boolean whether it waits for those settings
---@field has_restarted? boolean whether a host was started for it alone
---@field number integer its place in the order

---@type table<string, dingbridge.Asked> by message id
local asked = {}
local counter = 0

--- Keeps a request, if it creates a message.
---@param name string
---@param payload table
---@param key string of the settings, see `settings_key`
function M.keep(name, payload, key)
  -- A value that cannot be encoded as JSON cannot be sent to another process either.
  if OF_MESSAGES[name] and payload.id and pcall(vim.json.encode, payload) then
    counter = counter + 1
    local entry = { name = name, payload = payload, key = key, number = counter }
    for _, id in ipairs({ payload.id, payload.file_id }) do
      asked[id] = entry
    end
  end
end

---@return dingbridge.Asked[]
local function in_order()
  local entries, seen = {}, {}
  for _, entry in pairs(asked) do
    if not seen[entry] then
      seen[entry] = true
      entries[#entries + 1] = entry
    end
  end
  table.sort(entries, function(one, other)
    return one.number < other.number
  end)
  return entries
end

--- Drops a message that is durable or has ended.
---@param id string
function M.confirmed(id)
  asked[id] = nil
end

--- The parts of a text with a file to submit again: one may be durable, or have ended, while the other
--- is in progress.
---@param entry dingbridge.Asked
---@return table payload a copy
local function open_part(entry)
  local payload = vim.deepcopy(entry.payload)
  if payload.file_id and not asked[payload.file_id] then
    payload.file, payload.file_id = nil, nil
  elseif payload.file_id and not asked[payload.id] then
    payload.id, payload.text, payload.file_id = payload.file_id, nil, nil
  end
  return payload
end

--- Drops a refused message, and the file that follows its text.
---@param id string
function M.refused(id)
  for name, entry in pairs(asked) do
    if entry.payload.id == id or entry.payload.file_id == id then
      asked[name] = nil
    end
  end
end

---@type { id: string, session: string, account: string }[] what is on its way, in order
local under_way = {}

--- Handles that a message is durable and being sent.
---@param data { id: string, session: string, account: string }
function M.queued(data)
  under_way[#under_way + 1] = { id = data.id, session = data.session, account = data.account }
end

--- Handles the end of a message.
---@param id string
function M.ended(id)
  for place, message in ipairs(under_way) do
    if message.id == id then
      table.remove(under_way, place)
      return
    end
  end
end

--- The messages whose result a service must report, which may have come while there was none.
---@return { id: string, session: string, account: string }[]
function M.under_way()
  return under_way
end

--- Whether to start a host again after its end, for a message that was submitted to it. Only once per
--- message, because the message may be the cause.
---@param key string of the settings, see `settings_key`
---@return boolean
function M.wants_restart(key)
  local wants = false
  for _, entry in pairs(asked) do
    if entry.key == key and not entry.has_restarted then
      entry.has_restarted, wants = true, true
    end
  end
  return wants
end

--- Submits everything to a new service or host, in order. Requests made under other settings wait for
--- these, because they must not go elsewhere.
---@param tell fun(name: string, payload: table)
---@param key string of the settings, see `settings_key`
---@param only_held? boolean whether the service knows the rest
function M.hand_over(tell, key, only_held)
  local held = 0
  for _, entry in ipairs(in_order()) do
    if entry.key ~= key then
      if not only_held and not entry.is_held then
        entry.is_held, held = true, held + 1
      end
    elseif entry.is_held or not only_held then
      entry.is_held = nil
      -- Another host counts opened sessions differently. Without the count, exactly the named session
      -- is used.
      local payload = open_part(entry)
      payload.opened = nil
      if payload.place then
        payload.place.opened = nil
      end
      tell(entry.name, payload)
    end
  end
  if held > 0 then
    notice.show(say('waits_for_settings', { count = held }), 'warn')
  end
end

---@return string
local function folder()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'dingbridge', 'unconfirmed')
end

--- The names of the variables in a table (`'$NAME'`).
---@param value any
---@param names table<string, true>
local function gather_variables(value, names)
  if type(value) == 'table' then
    for _, inner in pairs(value) do
      gather_variables(inner, names)
    end
  elseif type(value) == 'string' then
    local name = variable(value)
    if name then
      names[name] = true
    end
  end
end

--- The path of the `env_file`, or nil.
---@param outer dingbridge.Scope
---@return string?
local function env_file(outer)
  local path = outer.env_file
  local name = variable(path)
  if name then
    path = vim.env[name] or type(outer.env) == 'table' and outer.env[name]
  end
  local home = vim.uv.os_homedir()
  return type(path) == 'string' and (vim.trim(path):gsub('^~%f[/\\]', function()
    return home
  end)) or nil
end

--- The first megabyte of a file, or its name if it cannot be read.
---@param path string
---@return string
local function content_of(path)
  local found = vim.uv.fs_stat(path)
  -- Reading a pipe or a device could block Neovim.
  local file = found and found.type == 'file' and vim.uv.fs_open(path, 'r', 0)
  local content = file and vim.uv.fs_read(file, FILE_BYTES, 0)
  if file then
    vim.uv.fs_close(file)
  end
  return content or path
end

--- Everything besides a message that decides where it goes, not digested: Neovim's first digest takes
--- ten milliseconds, so the host computes it, and we do only when we write files.
---@param options any the settings, fit to be told
---@return string
function M.settings_key(options)
  local lines, names = { vim.inspect(options) }, {} ---@type string[], table<string, true>
  gather_variables(options, names)
  for name in vim.spairs(names) do
    lines[#lines + 1] = ('$%s=%s'):format(name, vim.inspect(vim.env[name]))
  end
  local _, _, written = require('dingbridge.options').check(options)
  local path = env_file(written.outer)
  if path then
    lines[#lines + 1] = vim.fn.sha256(content_of(path))
  end
  for name, value in vim.spairs(vim.fn.environ()) do
    if vim.startswith(name, 'DINGTALK_') then
      lines[#lines + 1] = ('%s=%s'):format(name, value)
    end
  end
  return table.concat(lines, '\n')
end

--- Writes messages to a new file.
---@param entries dingbridge.Asked[] which were asked for under the same settings
---@return string|nil problem
local function write_file(entries)
  local text = vim.json.encode({
    cwd = vim.fn.getcwd(),
    settings = vim.fn.sha256(entries[1].key),
    time = os.time(),
    asked = vim.tbl_map(function(entry)
      return { name = entry.name, payload = open_part(entry) }
    end, entries),
  })
  local path = vim.fs.joinpath(folder(), ('%d-%x.json'):format(vim.fn.getpid(), vim.uv.hrtime()))
  local file, problem = vim.uv.fs_open(path, 'wx', PRIVATE_FILE)
  local written = file and vim.uv.fs_write(file, text, 0) == #text and vim.uv.fs_fsync(file)
  if file then
    vim.uv.fs_close(file)
  end
  if not written then
    vim.uv.fs_unlink(path)
    return problem or path
  end
end

--- Writes everything to disk when Neovim exits, for a service with the same settings.
function M.write_down()
  local by_key = {} ---@type table<string, dingbridge.Asked[]>
  for _, entry in ipairs(in_order()) do
    by_key[entry.key] = by_key[entry.key] or {}
    table.insert(by_key[entry.key], entry)
  end
  if not next(by_key) then
    return
  end
  vim.fn.mkdir(folder(), 'p', PRIVATE_FOLDER)
  for _, entries in pairs(by_key) do
    local problem = write_file(entries)
    if problem then
      notice.show(say('not_kept', { count = #entries, problem = problem }), 'error')
    end
  end
end

return M
