--- Texts, files and commands that make a message, which were handed over and which nobody has written
--- down yet: kept until the service says that it has, over the end of a service and a host. The next
--- service is handed them again, and knows by their ids what it has already. What is left when Neovim
--- is left goes into files, which the service takes in.

local notice = require('dingbridge.lazily')('dingbridge.notice')
local say = require('dingbridge.say')
local variable = require('dingbridge.option_values').variable

local M = {}

local OF_MESSAGES = { send = true, notify = true, command = true }
local FILE_BYTES = 1e6 -- what an `env_file` may have
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

--- Keeps what the service is asked for, if it is a message.
---@param name string
---@param payload table
---@param key string of the settings, see `settings_key`
function M.keep(name, payload, key)
  -- What cannot be written as JSON cannot be told to another process either.
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

--- The message is written down, or has met its end: nobody has to hand it over again.
---@param id string
function M.confirmed(id)
  asked[id] = nil
end

--- What has to be handed over again of a text with a file: the one may be written down, and have met
--- its end, while the other is on its way.
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

--- The message was refused, and with it the file that was to follow its text.
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

--- The message is written down and on its way.
---@param data { id: string, session: string, account: string }
function M.queued(data)
  under_way[#under_way + 1] = { id = data.id, session = data.session, account = data.account }
end

--- The message has met its end.
---@param id string
function M.ended(id)
  for place, message in ipairs(under_way) do
    if message.id == id then
      table.remove(under_way, place)
      return
    end
  end
end

--- The messages whose end a service has to tell, which may have come while there was none.
---@return { id: string, session: string, account: string }[]
function M.under_way()
  return under_way
end

--- Whether a host that ended is to be started again for something that was handed to it. For the same
--- message that is done once: it may be what ends the host.
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

--- Hands everything to a new service or host, in order. What was asked for under other settings waits
--- for these: it may go to no other place.
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
      -- How often sessions were opened is another count in another host. Without one exactly the
      -- session that is named is meant, wherever the user is by now.
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

--- The names of variables that a table names by `'$NAME'`.
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

--- Where the file that `env_file` names is, or nil.
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

--- The content of a file, up to its first megabyte, or its name when there is none.
---@param path string
---@return string
local function content_of(path)
  local found = vim.uv.fs_stat(path)
  -- Neovim would wait at a pipe, and read a device without end.
  local file = found and found.type == 'file' and vim.uv.fs_open(path, 'r', 0)
  local content = file and vim.uv.fs_read(file, FILE_BYTES, 0)
  if file then
    vim.uv.fs_close(file)
  end
  return content or path
end

--- What decides where a message goes besides itself, as it stands. Neovim takes ten milliseconds to
--- make its first digest, so the host makes that of what it tells, and we do of what we write.
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

--- Writes some messages to a file of their own.
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

--- Writes everything to the disk, for a service that knows the same settings. Neovim is being left.
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
