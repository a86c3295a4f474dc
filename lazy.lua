-- What lazy.nvim needs to know of this plugin, so that its address and `opts` are enough.
return {
  'dingbridge',
  main = 'dingbridge',
  opts = {},
  build = function()
    require('dingbridge.install').build(coroutine.yield)
  end,
}
