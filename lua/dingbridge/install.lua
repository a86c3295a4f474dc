--- `:Chat install`: creates the plugin's Python environment, and shows each step.

local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local progress = require('dingbridge.progress')
local python = require('dingbridge.python')
local report_window = require('dingbridge.report_window')
local say = require('dingbridge.say')

local M = {
  --- The extras that can be installed.
  EXTRAS = { 'images', 'keyring' },
}

local is_running = false

local goes_on ---@type fun()|nil what the user wanted to do before packages were missing

--- Shows a step on one line, which the next one replaces, short enough to need no key press.
---@param line string
---@param status? 'running'|'success'|'failed'
local function tell_step(line, status)
  local text = require('dingbridge.message_format').one_line(line)
  text = require('dingbridge.wrap').cut_inside(text, vim.v.echospace - 1)
  progress.show('install', text, status or 'running')
end

--- Reports an error, and shows the whole output in a window.
---@param problem string
---@param steps string[]
local function fail(problem, steps)
  goes_on = nil
  tell_step(problem, 'failed')
  notice.show(problem, 'error')
  local lines = vim.tbl_map(function(line)
    return { text = line, message = '' }
  end, vim.list_extend({ problem, '' }, steps))
  report_window.show({ name = 'install', lines = lines, again = false })
end

local function succeed()
  require('dingbridge.manual').make_tags()
  local text = say(host.is_running() and 'installed_for_next' or 'installed')
  tell_step(text, 'success')
  notice.show(text)
  local act = goes_on
  goes_on = nil
  if act and not host.is_running() then
    act()
  end
end

--- Tries one interpreter after the other until one runs: the shim of a version manager may not work.
---@param candidates string[]
---@param extras string[]
---@param complaint string what the ones before complained of
---@param on_step fun(line: string)
---@param on_end fun(problem: string|nil, steps: string[])
local function try(candidates, extras, complaint, on_step, on_end)
  local program = table.remove(candidates, 1)
  if not program then
    on_end(complaint ~= '' and complaint or say('needs_python'), {})
    return
  end
  local steps, rest = {}, ''
  local function on_output(_, data)
    rest = rest .. (data or '')
    local lines = vim.split(rest, '\n', { plain = true })
    rest = table.remove(lines)
    vim.schedule(function()
      for _, line in ipairs(lines) do
        steps[#steps + 1] = line
        on_step(line)
      end
    end)
  end
  local function on_exit(ended)
    local words = vim.trim(ended.stderr or ''):gsub('^dingbridge: ', '')
    if ended.code == 0 then
      on_end(nil, steps)
    elseif #steps == 0 and not words:find('\n', 1, true) and #candidates > 0 then
      try(candidates, extras, complaint ~= '' and complaint or words, on_step, on_end)
    else
      on_end(words ~= '' and words or complaint, steps)
    end
  end
  local command = python.install_command(program, extras)
  -- Raises for a file that cannot be run.
  local ok, problem = pcall(vim.system, command, {
    cwd = python.FOLDER,
    text = true,
    stdout = on_output,
  }, vim.schedule_wrap(on_exit))
  if not ok then
    try(candidates, extras, complaint ~= '' and complaint or tostring(problem), on_step, on_end)
  end
end

--- Installs the plugin's dependencies and the extras; `:Chat` works afterwards.
---@param argument string extras with spaces between them
function M.run(argument)
  local extras = vim.split(argument, '%s+', { trimempty = true })
  for _, extra in ipairs(extras) do
    if not vim.tbl_contains(M.EXTRAS, extra) then
      notice.show(say('no_such_extra', { extra = extra, known = table.concat(M.EXTRAS, ', ') }), 'error')
      return
    end
  end
  local chosen = host.python()
  if is_running then
    notice.show(say('installing'), 'warn')
  elseif chosen.is_fixed then
    notice.show(say('python_is_chosen', { program = chosen.written }), 'error')
  else
    is_running = true
    require('dingbridge.state').asked()
    tell_step(say('looking_for_python'))
    try(python.on_path(), extras, '', tell_step, function(problem, steps)
      is_running = false
      if problem then
        fail(problem, steps)
      else
        succeed()
      end
    end)
  end
end

--- Offers the installation, after which the command that lacked packages is carried out. Returns whether
--- there is a user to ask.
---@param problem string
---@param again? fun() carries it out once more
---@return boolean
function M.offer(problem, again)
  if #vim.api.nvim_list_uis() == 0 or is_running then
    return false
  end
  again = again or require('dingbridge.user_commands').again()
  notice.note(problem, vim.log.levels.WARN)
  vim.schedule(function()
    vim.ui.select({ say('offer_yes'), say('offer_no') }, {
      prompt = say('offer_install', { problem = problem }),
    }, function(_, choice)
      if choice == 1 then
        goes_on = again
        -- The question of `inputlist` stands in the message area: with a step below it, Neovim would
        -- wait for a key.
        vim.cmd.redraw()
        M.run('')
      end
    end)
  end)
  return true
end

--- Installs the plugin's dependencies for a plugin manager, and returns at the end. Raises what went wrong.
---@param report fun(line: string) shows a step
---@param pause fun() returns a little later; Neovim handles events meanwhile
function M.build(report, pause)
  local steps, ended = {}, nil ---@type string[], { problem: string|nil }|nil
  try(python.on_path(), {}, '', function(line)
    steps[#steps + 1] = line
  end, function(problem)
    ended = { problem = problem }
  end)
  repeat
    pause()
    while steps[1] do
      report(table.remove(steps, 1))
    end
  until ended
  if ended.problem then
    error(ended.problem, 0)
  end
end

return M
