--- The part of `:checkhealth dingbridge` about files: can they be written, and who can read them?

local health = require('dingbridge.health.say')

local M = {}

local OTHERS = tonumber('077', 8) -- what anybody but the owner may do
local OTHERS_WRITE = tonumber('022', 8)
local SHOWN = 5

---@param folder string
---@return string
local function nearest_existing(folder)
  while not vim.uv.fs_stat(folder) and vim.fs.dirname(folder) ~= folder do
    folder = vim.fs.dirname(folder)
  end
  return folder
end

---@param what string
---@param folder string
local function check_folder(what, folder)
  local nearest = nearest_existing(folder)
  if vim.fn.filewritable(nearest) == 2 then
    local later = nearest ~= folder and ', made when it is needed' or ''
    health.ok(('%s: `%s`%s'):format(what, folder, later))
  elseif vim.fn.isdirectory(nearest) == 0 then
    health.error(('%s: `%s` is no folder'):format(what, nearest), { 'Move that file away' })
  else
    health.error(('%s: `%s` cannot be written to'):format(what, nearest), {
      'Make it yours, for example by chown and chmod u+rwx',
    })
  end
end

--- Whether others may do with a file or folder what they should not.
---@param path string
---@param unwanted integer rights that nobody but the owner should have
---@return boolean
local function is_open(path, unwanted)
  local found = vim.uv.fs_stat(path)
  return found ~= nil and (bit.band(found.mode, unwanted) ~= 0 or found.uid ~= vim.uv.getuid())
end

--- What others can read or change: the files, and what to take the rights from.
---@param data string
---@param log string
---@return string[] open
---@return table<string, true> roots
local function open_to_others(data, log)
  local open, roots = {}, {}
  local function look(path, root)
    if is_open(path, OTHERS) then
      open[#open + 1] = path
      roots[root] = true
    end
  end
  for name in vim.fs.dir(data) do
    if vim.startswith(name, 'chat-dingtalk-') then
      local path = vim.fs.joinpath(data, name)
      look(path, path)
    end
  end
  local ours = vim.fs.joinpath(data, 'dingbridge')
  look(ours, ours)
  for name in vim.fs.dir(ours, { depth = 4 }) do
    look(vim.fs.joinpath(ours, name), ours)
  end
  for _, path in ipairs({ log, log .. '.1' }) do
    look(path, path)
  end
  return open, roots
end

---@param data string
---@param log string
local function check_rights(data, log)
  if vim.fn.has('win32') == 1 then
    return
  end
  if is_open(data, OTHERS_WRITE) then
    health.warn(('Others can put something else in the place of what is kept in `%s`'):format(data), {
      'Make that folder yours, and: chmod go-w ' .. vim.fn.shellescape(data),
    })
  end
  local open, roots = open_to_others(data, log)
  if #open == 0 then
    health.ok('What is kept there is for you alone')
    return
  end
  local words = vim.tbl_map(vim.fn.shellescape, vim.tbl_keys(roots))
  table.sort(open)
  table.sort(words)
  local more = #open > SHOWN and (' and %d more'):format(#open - SHOWN) or ''
  local shown = table.concat(vim.list_slice(open, 1, SHOWN), ', ')
  health.warn(('Others can read or change %s%s'):format(shown, more), {
    'chmod -R go-rwx ' .. table.concat(words, ' '),
  })
end

--- Reports on the data folder, the rights of what is in it, and the log.
function M.check()
  local data, logs = vim.fn.stdpath('data'), vim.fn.stdpath('log') --[[@as string]]
  ---@cast data string
  local log = vim.fs.joinpath(logs, 'dingbridge.log')
  check_folder('Data', data)
  check_folder('Log', logs)
  check_rights(data, log)
  local size = vim.fn.getfsize(log)
  local shown = size < 0 and 'not written yet' or ('%d KB, `:Chat log` opens it'):format(math.ceil(size / 1024))
  health.info(('The log is `%s` (%s)'):format(log, shown))
end

return M
