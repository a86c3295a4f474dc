--- `:Chat doctor`: examines everything in a Python process of its own, and shows each finding in the
--- window of reports as it comes. Needs neither host nor service.

local host = require('dingbridge.host')
local host_settings = require('dingbridge.host_settings')
local notice = require('dingbridge.notice')
local python = require('dingbridge.python')
local report_window = require('dingbridge.report_window')
local say = require('dingbridge.say')

local M = {
  --- The word behind `:Chat doctor` that also writes a file.
  REPORT = 'report',
}

local running ---@type vim.SystemObj|nil

--- Ends an examination that runs.
local function stop()
  if running then
    running:kill('sigterm')
    running = nil
  end
end

--- Whether an examination runs.
---@return boolean
function M.is_running()
  return running ~= nil
end

--- What the process reads from its standard input.
---@param writes_report boolean
---@return string
local function call(writes_report)
  return vim.json.encode(vim.tbl_extend('error', host_settings.settings(), {
    problems = require('dingbridge').problems(),
    language = require('dingbridge').language(),
    data = vim.fn.stdpath('data'),
    log = vim.fs.joinpath(vim.fn.stdpath('log') --[[@as string]], 'dingbridge.log'),
    neovim = require('dingbridge.health').neovim(),
    report = writes_report,
  }))
end

---@param lines string[]
---@param again boolean whether the report was shown before
---@param is_over boolean
local function show(lines, again, is_over)
  local shown = vim.tbl_map(function(line)
    return { text = line, message = '' }
  end, lines)
  if not is_over then
    vim.list_extend(shown, { { text = '', message = '' }, { text = say('doctor_looks'), message = '' } })
  end
  report_window.show({ name = 'doctor', lines = shown, again = again, is_partial = not is_over })
end

--- Why the process could not run, with what helps.
---@param chosen dingbridge.Python
---@param words string
local function complain(chosen, words)
  local problem, advice = python.explain(chosen, words ~= '' and words or say('cannot_be_run'))
  local lines = vim.list_extend({ problem }, advice)
  show(vim.list_extend(lines, { say('checkhealth_knows') }), true, true)
end

--- Examines, and shows what is found.
---@param argument string
function M.run(argument)
  if argument ~= '' and argument ~= M.REPORT then
    notice.show(say('no_such_argument', { argument = argument, known = M.REPORT }), 'error')
    return
  end
  stop()
  local lines, rest = {}, '' ---@type string[], string
  local chosen = host.python()
  show(lines, false, false)
  if not chosen.program then
    complain(chosen, chosen.problem or '')
    return
  end
  local me ---@type vim.SystemObj|nil
  local function on_output(_, data)
    rest = rest .. (data or '')
    local written = vim.split(rest, '\n', { plain = true })
    rest = table.remove(written)
    vim.schedule(function()
      if running ~= me or #written == 0 then
        return
      elseif not report_window.shows('doctor') then
        stop()
        return
      end
      vim.list_extend(lines, vim.tbl_map(vim.json.decode, written))
      show(lines, true, false)
    end)
  end
  local function on_exit(ended)
    if running ~= me then
      return
    end
    running = nil
    if #lines == 0 then
      complain(chosen, vim.trim(ended.stderr or ''))
    else
      show(lines, true, true)
    end
  end
  -- Raises for a file that cannot be run.
  local ok, started = pcall(vim.system, python.command(chosen, 'doctor'), {
    cwd = python.FOLDER,
    text = true,
    stdin = call(argument == M.REPORT),
    stdout = on_output,
  }, vim.schedule_wrap(on_exit))
  if not ok then
    complain(chosen, '')
    return
  end
  me, running = started, started
  vim.api.nvim_create_autocmd('VimLeavePre', { once = true, callback = stop })
  report_window.on_close(stop)
end

return M
