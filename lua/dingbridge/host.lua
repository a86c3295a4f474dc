--- The Python host: registers it, starts it on first use, and passes events to it.

local host_settings = require('dingbridge.host_settings')
local lazily = require('dingbridge.lazily')
local state = require('dingbridge.state')
local say = require('dingbridge.say')

local python = lazily('dingbridge.python')
local unconfirmed = lazily('dingbridge.unconfirmed')

local M = {}

local ANSWERS_WITHIN = 400 -- milliseconds of silence on exit, after which the host is killed
local STARTS_WITHIN = 5000 -- the same for a host that is still starting
local LEAVES_WITHIN = 5000 -- milliseconds that the exit takes at most, even if the host answers

local heard_at = 0 -- of `vim.uv.hrtime()`
local leaving ---@type 'begun'|'done'|nil
local registered = false
local channel ---@type integer|nil
local unasked = false -- whether the host was started without a request, and none came before it greeted

--- The interpreter of the host.
---@return dingbridge.Python
function M.python()
  local _, _, written = require('dingbridge.options').check(host_settings.options())
  return python.choose(require('dingbridge.accounts').value(written.outer, 'python'))
end

---@param chosen dingbridge.Python
---@param words string what it complained of
local function cannot_start(chosen, words)
  local problem, advice, can_install = python.explain(chosen, words)
  if can_install and not unasked and require('dingbridge.install').offer(problem) then
    return
  end
  local shown = say('host_cannot_start', {
    program = chosen.program or chosen.written,
    problem = problem,
    advice = advice[1],
  })
  require('dingbridge.notice').show(shown, 'error')
end

--- Notifies the host. Does nothing if it has just ended; `on_exit` reports why.
---@param act fun() fails when the channel is closed
---@return boolean said
local function if_it_lives(act)
  local ok, problem = pcall(act) -- the channel may close while it is used
  local said = tostring(problem)
  if not ok and not said:find('Invalid channel') and not said:find("Channel doesn't exist") then
    error(problem, 0)
  end
  return ok
end

---@param name string
---@param payload table
local function pass_on(name, payload)
  vim.rpcnotify(channel, 'dingbridge_event', name, payload)
end

---@param ended integer
---@param code integer
---@param chosen dingbridge.Python
---@param words string what it wrote to standard error
local function on_exit(ended, code, chosen, words)
  if ended ~= channel then
    return
  end
  channel = nil
  host_settings.forget_sent()
  if vim.v.exiting ~= vim.NIL then
    return
  end
  local was_up = M.greeted
  M.greeted = false
  require('dingbridge.updates').host_ended() -- restores drafts, which then wait for the user
  local restarts = was_up and unconfirmed.wants_restart(host_settings.key())
  if was_up then
    local name = restarts and 'host_restarts' or 'host_ended'
    require('dingbridge.notice').show(say(name, { code = code }), 'error')
  else
    cannot_start(chosen, vim.trim(words))
  end
  if restarts then
    M.start()
  end
end

--- Starts the remote plugin's process, without waiting for Python as Neovim's own function would.
---@return integer channel
local function start_job()
  local chosen = M.python()
  local words = {}
  if not chosen.program then
    cannot_start(chosen, chosen.problem)
    return 0
  end
  local job
  job = vim.fn.jobstart(python.command(chosen, 'host'), {
    rpc = true,
    cwd = python.FOLDER,
    on_stderr = function(_, lines)
      words[#words + 1] = table.concat(lines, '\n')
    end,
    on_exit = function(_, code)
      on_exit(job, code, chosen, table.concat(words):sub(-2000))
    end,
  })
  return job
end

--- Defines the commands, which start the host on first use.
function M.register()
  if registered then
    return
  end
  registered = true
  require('dingbridge.user_commands').define()
  vim.api.nvim_create_autocmd('VimLeavePre', {
    group = vim.api.nvim_create_augroup('dingbridge_host', {}),
    callback = M.stop,
  })
  vim.api.nvim_create_autocmd('SessionLoadPost', {
    group = 'dingbridge_host',
    callback = function()
      require('dingbridge.restored_windows').find()
    end,
  })
  require('dingbridge.focus').watch()
end

--- Starts the host, unless it runs, for a request.
---@return boolean running
function M.start()
  if M.start_unasked() then
    unasked = false
  end
  return channel ~= nil
end

--- Starts the host, unless it runs, without a request.
---@return boolean running
function M.start_unasked()
  if channel then
    return true
  end
  M.register()
  local started = start_job()
  if started <= 0 then
    return false
  end
  channel, unasked = started, true
  require('dingbridge.focus').watch_keys()
  if_it_lives(function()
    vim.rpcnotify(started, 'dingbridge_event', 'settings', host_settings.new_settings())
  end)
  M.hand_over()
  return true
end

--- Handles the greeting of a host, which Neovim's manifest may have started.
---@param reached integer
---@param version string of the host's code, which an upgrade may have replaced while Neovim runs
function M.greet(reached, version)
  M.greeted = true
  local own = require('dingbridge.generated').version
  if version ~= own then
    require('dingbridge.notice').show(say('other_version', { version = version, own = own }), 'warn')
  end
  if channel ~= reached then
    -- Started from the manifest, whose commands lose the range on first use.
    M.register()
    require('dingbridge.user_commands').define()
    channel, unasked = reached, false
    require('dingbridge.focus').watch_keys()
    pass_on('focus', require('dingbridge.focus').report())
  end
end

---@return boolean
function M.is_running()
  return channel ~= nil
end

--- Passes an event to the host, starting it if needed.
---@param name string
---@param payload table
---@return boolean sent
function M.tell(name, payload)
  local is_running = M.start()
  unconfirmed.keep(name, payload, host_settings.key())
  if not is_running then
    return false
  end
  local fresh = host_settings.new_settings()
  return if_it_lives(function()
    if fresh then
      vim.rpcnotify(channel, 'dingbridge_event', 'settings', fresh)
    end
    pass_on(name, payload)
  end)
end

--- Requests the open sessions from a new service or host, and submits what the previous one has not
--- confirmed.
function M.hand_over()
  if not channel then
    return
  end
  if_it_lives(function()
    local sessions = vim.tbl_keys(state.transcripts)
    if sessions[1] or M.greeted then -- a host that lost its service waits for this
      pass_on('shown', { sessions = sessions })
    end
    pass_on('focus', require('dingbridge.focus').report())
    local messages = unconfirmed.under_way()
    if messages[1] then
      -- They may have ended while there was no service or host.
      pass_on('under_way', { messages = messages })
    end
    unconfirmed.hand_over(function(name, payload)
      unasked = false
      pass_on(name, payload)
    end, host_settings.key())
  end)
end

--- Stores the user's table for the host, and passes it to a running one.
---@param options table
---@param problems string[] what the editor finds wrong with it
function M.configure(options, path, problems)
  host_settings.set(options, path, problems)
  if channel then
    if_it_lives(function()
      vim.rpcnotify(channel, 'dingbridge_event', 'settings', host_settings.new_settings())
      unconfirmed.hand_over(pass_on, host_settings.key(), true)
    end)
  end
end

--- Handles the host's report about the progress of the exit.
---@param word 'begun'|'done'
function M.leaves(word)
  leaving = word
end

--- Notes a sign of life from the host.
function M.heard()
  heard_at = vim.uv.hrtime()
end

--- Waits until the host has finished or is gone, as long as it gives signs of life.
---@return boolean left
local function waits_until_left()
  local began = vim.uv.hrtime()
  local is_silent = false
  vim.wait(LEAVES_WITHIN, function()
    local is_at_work = leaving and not state.service_gone
    local limit = is_at_work and LEAVES_WITHIN or M.greeted and ANSWERS_WITHIN or STARTS_WITHIN
    is_silent = vim.uv.hrtime() - math.max(began, heard_at) > limit * 1e6
    return channel == nil or leaving == 'done' or is_silent
  end, 5)
  return leaving == 'done'
end

--- Kills the host as the last step of the exit: Neovim would wait two seconds for a frozen one.
---@param job integer
local function end_at_last(job)
  -- The channel may be closed already.
  local ok, pid = pcall(vim.fn.jobpid, job)
  if ok then
    vim.api.nvim_create_autocmd('VimLeave', {
      once = true,
      callback = function()
        vim.uv.kill(pid, 'sigkill')
      end,
    })
  end
end

--- Waits until everything is durable, at most two seconds after the last sign of life. A host that is
--- silent or has lost its service is killed; one that is still starting has more time, unless it has
--- no requests. Requests that are not durable are written to a file.
function M.stop()
  local job, is_done = channel, channel == nil
  if job and not unasked then
    -- The host may have just died.
    pcall(vim.rpcnotify, job, 'dingbridge_stop')
    is_done = waits_until_left()
  end
  if job and not is_done then
    end_at_last(job)
  end
  channel = nil
  unconfirmed.write_down()
end

return M
