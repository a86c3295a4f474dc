--- Checks the option `agent`: the name of an agent, or the command of one with a name.

local say = require('dingbridge.say')

local LONGEST = 40 -- characters of a name
local OFF = 'off' -- what `:Chat agent` takes instead of a name

---@param name any
---@return boolean
local function is_name(name)
  return #name <= LONGEST and name:find('^%w[%w_.-]*$') ~= nil and name ~= OFF
end

---@param check dingbridge.Check
---@param option dingbridge.Option
---@param value any given
---@param path string
return function(check, option, value, path)
  if type(value) == 'string' then
    check:text(option, value, path)
    return
  end
  local is_table = type(value) == 'table' and check.is_given(value.command)
  for key in pairs(is_table and value or {}) do
    is_table = is_table and (key == 'command' or key == 'name')
  end
  if not is_table then
    check:expected(path, option, value)
    return
  end
  check:program(value.command, path .. '.command', 'program_with_arguments')
  if check.is_given(value.name) and type(value.name) ~= 'string' then
    check:expected(path .. '.name', 'text_in_quotes', value.name)
  elseif check.is_given(value.name) and not is_name(value.name) then
    check:add(path .. '.name', say('agent_name'))
  end
end
