--- The part of `:checkhealth dingbridge` about files: are they writable, and who can read them?

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {}

local OTHERS = tonumber('077', 8) -- permissions of anybody but the owner
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
    local parts = { what = what, folder = folder }
    health.ok(nearest == folder and say('folder', parts) or say('folder_later', parts))
  elseif vim.fn.isdirectory(nearest) == 0 then
    health.error(say('no_folder', { what = what, folder = nearest }), { say('move_file') })
  else
    health.error(say('folder_unwritable', { what = what, folder = nearest }), { say('make_yours') })
  end
end

--- Whether others have permissions on a file or folder that they should not have.
---@param path string
---@param unwanted integer rights that nobody but the owner should have
---@return boolean
local function is_open(path, unwanted)
  local found = vim.uv.fs_stat(path)
  return found ~= nil and (bit.band(found.mode, unwanted) ~= 0 or found.uid ~= vim.uv.getuid())
end

--- Files that others can read or change, and paths to remove the permissions from.
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
    health.warn(say('others_can_replace', { folder = data }), {
      say('make_folder_yours', { folder = vim.fn.shellescape(data) }),
    })
  end
  local open, roots = open_to_others(data, log)
  if #open == 0 then
    health.ok(say('all_private'))
    return
  end
  local words = vim.tbl_map(vim.fn.shellescape, vim.tbl_keys(roots))
  table.sort(open)
  table.sort(words)
  local shown, more = table.concat(vim.list_slice(open, 1, SHOWN), ', '), #open - SHOWN
  local others = more > 0 and say('others_can_read_more', { paths = shown, count = more })
  health.warn(others or say('others_can_read', { paths = shown }), {
    'chmod -R go-rwx ' .. table.concat(words, ' '),
  })
end

--- Reports on the data folder, the permissions in it, and the log.
function M.check()
  local data, logs = vim.fn.stdpath('data'), vim.fn.stdpath('log') --[[@as string]]
  ---@cast data string
  local log = vim.fs.joinpath(logs, 'dingbridge.log')
  check_folder(say('data'), data)
  check_folder(say('log'), logs)
  check_rights(data, log)
  local size = vim.fn.getfsize(log)
  local written = size >= 0 and say('log_file', { path = log, size = math.ceil(size / 1024) })
  health.info(written or say('log_file_later', { path = log }))
end

return M
