--- Checks the option `keys`: other keys for the chat, by the name of what they do
--- (`dingbridge/core/options/key_options.py`).

local declared = require('dingbridge.generated_chat').keys

---@type dingbridge.Option
local KEY = { kind = 'key' }

local names = vim.tbl_map(function(key)
  return key.name
end, declared)

---@param check dingbridge.Check
---@param option dingbridge.Option
---@param value any
---@param path string
return function(check, option, value, path)
  check:entries(value, path, option, function(name, key)
    local here = check.join(path, name)
    if not vim.tbl_contains(names, name) then
      check:unknown(here, name, names)
    elseif key ~= nil and key ~= vim.NIL then
      check:value(KEY, key, here)
    end
  end)
end
