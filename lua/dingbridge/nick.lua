--- The name that somebody has chosen, without the group behind it.

local message_format = require('dingbridge.message_format')

local GROUP = ' · ' -- before the group's title; names have no spaces around the dot

---@param author string of a message
---@return string
return function(author)
  local name = message_format.one_line(author)
  local at = name:find(GROUP, 1, true)
  return at and name:sub(1, at - 1) or name
end
