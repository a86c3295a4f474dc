--- `:Chat setup`: the questions of the setup, which runs in a process of its own.
---
--- The process speaks in lines of JSON, see `dingbridge/shell/setup/for_editor.py`. What the user types goes
--- to it by a pipe, and nowhere else.

local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local python = require('dingbridge.python')
local say = require('dingbridge.say')
local window = require('dingbridge.setup_window')

local M = {}

local running ---@type vim.SystemObj|nil
local is_finished = false

--- Ends the process; what it has written down stays.
local function leave()
  local process = running
  running = nil
  if process then
    process:write(nil)
    notice.show(require('dingbridge.command_name').shown(say('setup_left')))
  end
  window.close()
end

---@param value table
local function send(value)
  if running then
    running:write(vim.json.encode(value) .. '\n')
  end
end

---@param text string|nil nil: the user leaves
local function answer(text)
  if text == nil then
    leave()
  else
    send({ answer = text })
  end
end

---@param options { [1]: string, [2]: string }[] a word for the process, and what the user reads
---@param question string
local function choose(options, question)
  window.when_here(function()
    vim.ui.select(options, {
      prompt = vim.split(question, '\n', { plain = true })[1],
      kind = 'dingbridge_setup',
      format_item = function(option)
        return option[2]
      end,
    }, function(option)
      answer(option and option[1])
    end)
  end)
end

---@param question string
local function ask(question)
  window.when_here(function()
    vim.ui.input({ prompt = question .. ': ' }, answer)
  end)
end

---@param question string
local function ask_secret(question)
  window.when_here(function()
    -- Ctrl-C raises an error; nothing that was typed is in it.
    local ok, text = pcall(vim.fn.inputsecret, question .. ': ')
    answer(ok and text ~= '' and text or nil)
  end)
end

--- Uses the new settings in this Neovim, if it has no robot yet.
---@param options table
local function apply(options)
  local own = require('dingbridge.host_settings').options()
  if require('dingbridge').mode() == 'off' and own.enabled ~= false then
    require('dingbridge').setup(vim.tbl_extend('force', own, options))
    window.add(say('setup_applied'))
  else
    window.add(say('setup_not_applied'))
  end
end

--- Handles one line of the process.
---@param said table
local function hear(said)
  local kind = said.kind
  if kind == 'tell' then
    window.add((said.good and '✓ ' or '') .. said.words, said.good and 'DingbridgeSent' or nil)
  elseif kind == 'code' then
    window.show_code(said)
  elseif kind == 'no_code' then
    window.show_code()
  elseif kind == 'settings' then
    window.add('\n' .. said.words .. '\n')
    window.add(table.concat(said.lines, '\n'), 'DingbridgeCommand', true)
  elseif kind == 'problem' then
    window.add(said.words, 'DingbridgeFailed')
  elseif kind == 'finish' then
    is_finished = true
    window.add('\n' .. said.words)
    apply(said.options)
  else
    window.add('\n' .. said.question, 'DingbridgeTitle')
    if said.hint and said.hint ~= '' then
      window.add(said.hint)
    end
    if kind == 'choose' then
      choose(said.options, said.question)
    elseif kind == 'ask' then
      ask(said.question)
    else
      ask_secret(said.question)
    end
  end
end

--- What the process needs to know first.
---@return table
local function surroundings()
  local _, _, written = require('dingbridge.options').check(require('dingbridge.host_settings').options())
  local outer = written.outer
  local endpoint = { api = outer['endpoint.api'], oapi = outer['endpoint.oapi'] }
  local options = { proxy = outer.proxy, endpoint = next(endpoint) and endpoint }
  return {
    data = vim.fn.stdpath('data'),
    config = vim.fn.stdpath('config'),
    language = require('dingbridge').language(),
    options = next(options) and options or vim.empty_dict(),
  }
end

---@param chosen dingbridge.Python
---@param words string what the process wrote to standard error
local function failed(chosen, words)
  window.close()
  local problem, advice, can_install = python.explain(chosen, words)
  if can_install and require('dingbridge.install').offer(problem, M.start) then
    return
  end
  notice.show(say('setup_cannot_run', { problem = problem, advice = advice[1] }), 'error')
end

--- Starts a setup, or goes to the one that runs.
function M.start()
  if window.is_open() then
    window.focus()
    return
  end
  local chosen = host.python()
  if not chosen.program then
    failed(chosen, chosen.problem)
    return
  end
  is_finished = false
  local rest = ''
  local function on_output(_, data)
    rest = rest .. (data or '')
    local lines = vim.split(rest, '\n', { plain = true })
    rest = table.remove(lines)
    vim.schedule(function()
      for _, line in ipairs(lines) do
        if running then
          hear(vim.json.decode(line))
        end
      end
    end)
  end
  window.open(leave)
  window.add(say('starting'), 'DingbridgeHint')
  local process
  local function on_exit(ended)
    if process ~= running then
      return -- it was left
    end
    running = nil
    local words = vim.trim(ended.stderr or '')
    if not is_finished and words ~= '' then
      failed(chosen, words:sub(-2000))
    end
  end
  -- Raises for a file that cannot be run.
  local ok, started = pcall(vim.system, python.command(chosen, 'setup'), {
    cwd = python.FOLDER,
    stdin = true,
    stdout = on_output,
    text = true,
  }, vim.schedule_wrap(on_exit))
  if not ok then
    failed(chosen, say('cannot_be_run'))
    return
  end
  process, running = started, started
  send(surroundings())
end

return M
