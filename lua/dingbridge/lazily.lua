--- A module that is loaded when something of it is used first, so that nobody waits for it before.

---@param name string
---@return any
return function(name)
  return setmetatable({}, {
    __index = function(_, key)
      return require(name)[key]
    end,
  })
end
