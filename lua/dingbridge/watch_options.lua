--- Checks what `watch()` is given, before anything is watched.

local say = require('dingbridge.say')

local KINDS = { 'job', 'terminal', 'quickfix', 'diagnostic' }

--- The type of each key, and the kind that it is for, if it is for one only.
local KEYS = {
  on = { 'string' },
  match = { 'string' },
  to = { 'string' },
  once = { 'boolean' },
  job = { 'number', 'job' },
  buffer = { 'number', 'terminal' },
}

---@param name any of a key
---@return string
local function unknown(name)
  local near = type(name) == 'string' and require('dingbridge.nearest')(name, vim.tbl_keys(KEYS))
  return say(near and 'watch_key_near' or 'watch_key', { key = tostring(name), near = near })
end

--- What is wrong with them; nil if nothing is.
---@param watch any
---@return string|nil
return function(watch)
  if type(watch) ~= 'table' or not vim.tbl_contains(KINDS, watch.on) then
    local near = type(watch) == 'table' and type(watch.on) == 'string'
      and require('dingbridge.nearest')(watch.on, KINDS)
    return say(near and 'watch_what_near' or 'watch_what', { near = near })
  end
  for name, value in pairs(watch) do
    local kind, only = unpack(KEYS[name] or {})
    if not kind then
      return unknown(name)
    elseif type(value) ~= kind or kind == 'number' and (value < 0 or value % 1 ~= 0) then
      local words = { string = 'watch_string', boolean = 'watch_boolean', number = 'watch_number' }
      return say(words[kind], { key = name })
    elseif only and watch.on ~= only then
      return say('watch_only_for', { key = name, kind = only })
    end
  end
  if watch.match then
    -- Only a try shows whether it is a pattern: Lua raises an error for a bad one.
    local is_pattern, why = pcall(string.find, '', watch.match)
    if not is_pattern then
      return say('watch_pattern', { reason = tostring(why) })
    end
  end
  if watch.match and watch.job then
    return say('watch_job_match')
  elseif watch.job and watch.job == 0 then
    return say('watch_number', { key = 'job' })
  elseif watch.to and not watch.to:find('^dingtalk:.') then
    return say('watch_to')
  elseif watch.buffer and not vim.api.nvim_buf_is_valid(watch.buffer) then
    return say('watch_buffer', { buffer = watch.buffer })
  end
end
