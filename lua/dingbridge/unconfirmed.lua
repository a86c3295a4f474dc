--- Texts and files that were handed to the host and that nobody has written down yet: kept until the
--- host says so, over the end of a host and of Neovim. The next host is handed them again; whoever
--- owns the robot knows by their ids what it has already.

local notice = require('dingbridge.notice')
local say = require('dingbridge.say')

local M = {}

local OF_MESSAGES = { send = true, notify = true }
local FOR = 24 * 3600 -- seconds in which an owner knows a message again that it has sent already
local PRIVATE_FOLDER, PRIVATE_FILE = tonumber('700', 8), tonumber('600', 8)

---@class dingbridge.Asked
---@field name string of the event
---@field payload table
---@field number integer its place in the order
---@field open table<string, true> ids of messages that are not confirmed
---@field file? string where an earlier Neovim kept it

---@type table<string, dingbridge.Asked> by message id
local asked = {}
local counter = 0

---@param name string
---@param payload table
---@param file? string
local function note(name, payload, file)
  counter = counter + 1
  local entry = { name = name, payload = payload, number = counter, open = {}, file = file }
  for _, id in ipairs({ payload.id, payload.file_id }) do
    if not asked[id] then
      entry.open[id], asked[id] = true, entry
    end
  end
end

--- Keeps what the host is asked for, if it is a message.
---@param name string
---@param payload table
function M.keep(name, payload)
  -- What cannot be written as JSON cannot be told to the host either.
  if OF_MESSAGES[name] and pcall(vim.json.encode, payload) then
    note(name, payload)
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
  local entry = asked[id]
  asked[id] = nil
  if not entry then
    return
  end
  entry.open[id] = nil
  if not entry.file then
    return
  end
  for _, other in pairs(asked) do
    if other.file == entry.file then
      return
    end
  end
  vim.uv.fs_unlink(entry.file)
end

--- The host would not take the message. What comes from an earlier Neovim is in no draft.
---@param id string
function M.refused(id)
  local entry = asked[id]
  if entry and entry.file then
    local text = entry.payload.text or entry.payload.file or ''
    notice.show(say('earlier_not_sent', { text = text }), 'error')
  end
  M.confirmed(id)
end

--- Hands everything to a host that was started anew, in order.
---@param tell fun(name: string, payload: table)
function M.hand_over(tell)
  for _, entry in ipairs(in_order()) do
    -- How often sessions were opened is another count in another host.
    local payload = vim.tbl_extend('force', {}, entry.payload)
    payload.opened = nil
    tell(entry.name, payload)
  end
end

---@return string
local function folder()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'dingbridge', 'unconfirmed')
end

--- What decides where a message goes besides itself, without showing it.
---@param options any the settings, fit to be told
---@return string
local function settings_key(options)
  local lines = { vim.inspect(options) }
  for name, value in vim.spairs(vim.fn.environ()) do
    if vim.startswith(name, 'DINGTALK_') then
      lines[#lines + 1] = ('%s=%s'):format(name, value)
    end
  end
  return vim.fn.sha256(table.concat(lines, '\n'))
end

--- Writes everything to the disk, for a later Neovim. Neovim is being left.
---@param options any the settings
function M.write_down(options)
  local entries = in_order()
  if #entries == 0 then
    return
  end
  local rows = vim.tbl_map(function(entry)
    return { name = entry.name, payload = entry.payload }
  end, entries)
  local text = vim.json.encode({
    cwd = vim.fn.getcwd(),
    settings = settings_key(options),
    time = os.time(),
    asked = rows,
  })
  vim.fn.mkdir(folder(), 'p', PRIVATE_FOLDER)
  local path = vim.fs.joinpath(folder(), ('%d-%x.json'):format(vim.fn.getpid(), vim.uv.hrtime()))
  local file, problem = vim.uv.fs_open(path, 'wx', PRIVATE_FILE)
  local written = file and vim.uv.fs_write(file, text, 0) == #text and vim.uv.fs_fsync(file)
  if file then
    vim.uv.fs_close(file)
  end
  if not written then
    vim.uv.fs_unlink(path)
    notice.show(say('not_kept', { count = #entries, problem = problem or path }), 'error')
    return
  end
  -- What an earlier Neovim left stands in the new file now.
  for _, entry in ipairs(entries) do
    if entry.file then
      vim.uv.fs_unlink(entry.file)
    end
  end
end

---@param path string
---@return { cwd: string, settings: string, time: number, asked: { name: string, payload: table }[] }|nil
local function read(path)
  local found = vim.uv.fs_stat(path)
  if not found or found.type ~= 'file' or (vim.uv.getuid and found.uid ~= vim.uv.getuid()) then
    return nil
  end
  local file = vim.uv.fs_open(path, 'r', 0)
  local text = file and vim.uv.fs_read(file, found.size, 0)
  if file then
    vim.uv.fs_close(file)
  end
  -- A crash may have torn it.
  local ok, kept = pcall(vim.json.decode, text or '')
  return ok and type(kept) == 'table' and type(kept.asked) == 'table' and kept or nil
end

local has_looked = false

--- Takes up what an earlier Neovim in this folder, with these settings, wrote down within a day. What
--- has to be left is told.
---@param options any the settings
function M.take_up(options)
  if has_looked then
    return
  end
  has_looked = true
  for name, kind in vim.fs.dir(folder()) do
    local path = vim.fs.joinpath(folder(), name)
    local kept = kind == 'file' and vim.endswith(name, '.json') and read(path)
    local is_late = kept and (tonumber(kept.time) or 0) < os.time() - FOR
    if kept and not is_late and kept.cwd == vim.fn.getcwd() and kept.settings == settings_key(options) then
      for _, row in ipairs(kept.asked) do
        local payload = type(row) == 'table' and OF_MESSAGES[row.name] and row.payload
        if type(payload) == 'table' and type(payload.id) == 'string' then
          note(row.name, payload, path)
        end
      end
    elseif kept and (is_late or kept.cwd == vim.fn.getcwd()) then
      local left = { count = #kept.asked, path = path }
      notice.show(is_late and say('left_too_late', left) or say('left_other_settings', left), 'warn')
    end
  end
end

return M
