--- `:checkhealth dingbridge`: what is there, what is missing and what helps. Starts no host and
--- reaches nothing outside this machine.

local chat_module = require('dingbridge.chat_module')
local command_name = require('dingbridge.command_name')
local host = require('dingbridge.host')
local look = require('dingbridge.look')
local python = require('dingbridge.python')

local health = require('dingbridge.health.say')

local M = {
  --- Milliseconds that the interpreter may take to say what it is.
  answer_within = 5000,
}

local OLDEST = '0.10'

local function check_neovim()
  local version = vim.version()
  local shown = ('%d.%d.%d'):format(version.major, version.minor, version.patch)
  if vim.fn.has('nvim-' .. OLDEST) == 1 then
    health.ok('Neovim ' .. shown)
  else
    health.error(('Neovim %s is too old'):format(shown), { ('Install Neovim %s or newer'):format(OLDEST) })
  end
end

--- What the interpreter, or the one that it hands over to, says of itself.
---@param chosen dingbridge.Python
---@return string? program nil when it does not answer
---@return string? version
---@return string problem what keeps the host from running on it; empty when nothing does
local function ask(chosen)
  -- What cannot be started, such as a file of another machine, raises.
  local ok, ended = pcall(function()
    local how = { text = true, timeout = M.answer_within, cwd = python.FOLDER }
    return vim.system(python.command(chosen, 'check'), how):wait(M.answer_within + 500)
  end)
  if not ok then
    return nil, nil, 'it cannot be run'
  elseif ended.code == 124 then
    return nil, nil, ('it did not answer within %g s'):format(M.answer_within / 1000)
  end
  local program, version = (ended.stdout or ''):match('^([^\n]+)\n(%d+%.%d+%.%d+)')
  local words = vim.trim(ended.stderr or '')
  if not version and words == '' then
    words = 'it is no Python'
  end
  return program, version, words:sub(-500)
end

local function check_python()
  local chosen = host.python()
  local shown = ('`%s`, chosen by %s'):format(chosen.program or chosen.written, chosen.why)
  if not chosen.program then
    local problem, advice = python.explain(chosen, chosen.problem)
    health.error(('Python cannot be run: %s: %s'):format(shown, problem), advice)
    return
  end
  local program, version, words = ask(chosen)
  local problem, advice = python.explain(chosen, words)
  if program and vim.fs.normalize(program) ~= chosen.program and not chosen.is_fixed then
    shown = ('%s, which hands over to `%s`'):format(shown, program)
  end
  if problem ~= words then
    health.ok(('Python %s: %s'):format(version, shown))
    health.error(problem, advice)
  elseif problem ~= '' then
    health.error(('Python cannot run the host: %s: %s'):format(shown, look.one_line(problem)), advice)
  else
    health.ok(('Python %s: %s'):format(version, shown))
    health.ok('All Python packages that are needed are there')
  end
end

local function check_commands()
  local other = chat_module.other()
  if vim.fn.exists(':DingTalk') ~= 2 then
    local call = "Call `require('dingbridge').setup({ … })` in your init.lua"
    health.warn('The commands are not defined', { chat_module.hint() or call })
  elseif command_name.is_ours('Chat') then
    health.ok('`:Chat` and `:DingTalk` are those of dingbridge')
  else
    vim.health.warn('`:Chat` is that of another plugin', { 'Use `:DingTalk`, which takes the same words' })
  end
  if other then
    health.info(("`require('chat')` is the module of another plugin, `%s`; ours is `require('dingbridge')`"):format(other))
  end
end

---@param status dingbridge.AccountStatus
---@param prefix string
local function check_link(status, prefix)
  if status.mode ~= 'api' then
    return
  elseif status.connected then
    local held = status.owner ~= '' and (', by ' .. status.owner) or ''
    health.ok(('%sDingTalk is connected%s'):format(prefix, held))
  elseif status.link == 'waiting' then
    local reason = status.last_error ~= '' and status.last_error or 'no reason is known'
    health.error(('%sDingTalk is not connected: %s'):format(prefix, look.one_line(reason)), {
      'It tries again by itself; `:Chat status` says when',
      ':help dingbridge-trouble says what each reason means',
    })
  elseif status.link == 'connecting' then
    health.info(prefix .. 'DingTalk is being connected')
  else
    health.warn(prefix .. 'the link is off: no session is bound', {
      '`:Chat bridge dingtalk` binds the current session',
    })
  end
end

---@param status dingbridge.AccountStatus
---@param prefix string
local function check_messages(status, prefix)
  local pause = math.ceil(status.cool_down_until - os.time())
  if pause > 0 then
    health.warn(('%smessages wait %d s more: %s'):format(prefix, pause, look.one_line(status.cool_down)), {
      'Nothing is to be done: they leave by themselves',
    })
  elseif status.queued > 0 then
    health.info(('%smessages that wait: %d; `:Chat outbox` shows them'):format(prefix, status.queued))
  end
  if status.failed > 0 then
    health.warn(('%smessages that failed: %d'):format(prefix, status.failed), {
      '`:Chat outbox` shows each with the reason',
      '`:Chat retry` tries them again, `:Chat drop {id}` gives one up',
    })
  end
  if status.last_error ~= '' and status.link ~= 'waiting' then
    health.warn(('%sthe last error was: %s'):format(prefix, look.one_line(status.last_error)), {
      ':help dingbridge-trouble, and `:Chat log`',
    })
  end
  if status.asking > 0 then
    health.warn(('%sasking to be let in: %d'):format(prefix, status.asking), { '`:Chat pair` shows who' })
  end
  if status.quota ~= '' then
    health.info(('%squota: %s'):format(prefix, look.one_line(status.quota)))
  end
end

--- What is known of the host from the tables it keeps in the editor; it is not asked.
---@param are_good boolean whether the settings are
local function check_host(are_good)
  if not host.is_running() then
    health.info('The host does not run; the first `:Chat` starts it')
    return
  end
  local status = require('dingbridge').status()
  if #status.accounts == 0 then
    health.info('The host runs and has not read the settings yet')
    return
  end
  health.ok('The host runs')
  if not are_good then
    return -- what is wrong stands among the settings
  end
  local wanted = require('dingbridge').mode()
  local trouble = status.accounts[1].last_error
  if status.mode == 'off' and wanted ~= 'off' and trouble ~= '' then
    health.error('The host says that ' .. look.one_line(trouble), {
      'Correct it in `setup()`, or what it reads outside',
    })
    return
  elseif status.mode == 'off' and wanted ~= 'off' then
    health.warn('DingTalk is not set up', { '`:Chat status` says what is missing' })
  end
  for _, account in ipairs(status.accounts) do
    local prefix = #status.accounts > 1 and (account.account .. ': ') or ''
    check_link(account, prefix)
    check_messages(account, prefix)
  end
end

--- Writes the report of `:checkhealth dingbridge`.
function M.check()
  vim.health.start('dingbridge: Neovim and Python')
  check_neovim()
  check_python()
  check_commands()
  vim.health.start('dingbridge: settings')
  local are_good = require('dingbridge.health.settings').check()
  vim.health.start('dingbridge: files')
  require('dingbridge.health.files').check()
  vim.health.start('dingbridge: host')
  check_host(are_good)
end

return M
