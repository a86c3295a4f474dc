--- Tables by message id that grow without long pauses.
---
--- LuaJIT copies a full table at once: 12 milliseconds for 65,536 entries. So the entries are spread
--- over many small tables.

local M = {}

-- The characters of an id that select the table: ids may share their beginning and their padding.
local FIRST, LAST = -5, -4

--- A number, such as that of an extmark, as an id.
---@param number integer
---@return string
function M.key(number)
  return ('%05d'):format(number)
end

--- A table that is read and written by id. `pairs` finds nothing in it.
---@return table<string, any>
function M.new()
  local tables = {}
  return setmetatable({}, {
    __index = function(_, id)
      local some = tables[id:sub(FIRST, LAST)]
      return some and some[id]
    end,
    __newindex = function(_, id, value)
      local chosen = id:sub(FIRST, LAST)
      tables[chosen] = tables[chosen] or {}
      tables[chosen][id] = value
    end,
  })
end

return M
