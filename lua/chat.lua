--- `require('chat')`, unless another plugin has a module of that name, which takes precedence.

local other = require('dingbridge.chat_module').other()
if other then
  return dofile(other)
end

return {
  --- The same as `require('dingbridge').setup`, as the documents write it.
  ---@param opts? dingbridge.Options|dingbridge.Setup
  setup = function(opts)
    require('dingbridge').setup(opts)
  end,
}
