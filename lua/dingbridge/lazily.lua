--- A module that is loaded on first use, which keeps start-up short.

---@param name string
---@return any
return function(name)
  return setmetatable({}, {
    __index = function(_, key)
      return require(name)[key]
    end,
  })
end
