-- What lazy.nvim needs to know of this plugin, so that its address and `opts` are enough.
return {
  'dingbridge',
  main = 'dingbridge',
  opts = {},
  build = function()
    -- Not by `vim.wait`: within it the manager finds no task to run, and stops running them.
    require('dingbridge.install').build(coroutine.yield, function()
      require('lazy.async').sleep(50)
    end)
  end,
}
