--- `:Chat install`: creates the plugin's Python environment, and shows each step.

local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local python = require('dingbridge.python')
local report_window = require('dingbridge.report_window')
local say = require('dingbridge.say')

local M = {
  --- The extras that can be installed.
  EXTRAS = { 'images' },
}

local is_running = false

--- Shows a step on one line, which the next one replaces, short enough to need no key press.
---@param line string
local function tell_step(line)
  local text = require('dingbridge.message_format').one_line(line)
  while vim.fn.strdisplaywidth(text) >= vim.v.echospace and text ~= '' do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  vim.api.nvim_echo({ { text } }, false, {})
end

--- Reports an error, and shows the whole output in a window.
---@param problem string
---@param steps string[]
local function fail(problem, steps)
  notice.show(problem, 'error')
  local lines = vim.tbl_map(function(line)
    return { text = line, message = '' }
  end, vim.list_extend({ problem, '' }, steps))
  report_window.show({ name = 'install', lines = lines, again = false })
end

local function succeed()
  if host.is_running() then
    notice.show(say('installed_for_next'))
  else
    notice.show(say('installed'))
  end
end

--- Tries one interpreter after the other until one runs: the shim of a version manager may not work.
---@param candidates string[]
---@param extras string[]
---@param complaint string what the ones before complained of
local function try(candidates, extras, complaint)
  local program = table.remove(candidates, 1)
  if not program then
    is_running = false
    fail(complaint ~= '' and complaint or say('needs_python'), {})
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
        tell_step(line)
      end
    end)
  end
  local function on_end(ended)
    local words = vim.trim(ended.stderr or ''):gsub('^dingbridge: ', '')
    if ended.code == 0 then
      is_running = false
      succeed()
    elseif #steps == 0 and not words:find('\n', 1, true) and #candidates > 0 then
      try(candidates, extras, complaint ~= '' and complaint or words)
    else
      is_running = false
      fail(words ~= '' and words or complaint, steps)
    end
  end
  local command = python.install_command(program, extras)
  -- Raises for a file that cannot be run.
  local ok, problem = pcall(vim.system, command, {
    cwd = python.FOLDER,
    text = true,
    stdout = on_output,
  }, vim.schedule_wrap(on_end))
  if not ok then
    try(candidates, extras, complaint ~= '' and complaint or tostring(problem))
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
    try(python.on_path(), extras, '')
  end
end

return M
