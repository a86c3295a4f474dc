--- `:checkhealth dingbridge`. Starts neither host nor service, but the coding agents that are there.

local chat_module = require('dingbridge.chat_module')
local command_name = require('dingbridge.command_name')
local host = require('dingbridge.host')
local message_format = require('dingbridge.message_format')
local python = require('dingbridge.python')
local state = require('dingbridge.state')

local health = require('dingbridge.health.say')
local say = require('dingbridge.say')

local M = {
  --- Milliseconds in which the interpreter must report its version.
  answer_within = 5000,
}

local OLDEST = '0.10'

--- This Neovim, and the oldest one that is supported.
---@return { version: string, oldest: string, is_old: boolean }
function M.neovim()
  local version = vim.version()
  local shown = ('%d.%d.%d'):format(version.major, version.minor, version.patch)
  return { version = shown, oldest = OLDEST, is_old = vim.fn.has('nvim-' .. OLDEST) == 0 }
end

local function check_neovim()
  local this = M.neovim()
  if not this.is_old then
    health.ok('Neovim ' .. this.version)
  else
    health.error(say('neovim_old', { version = this.version }), { say('install_neovim', { version = OLDEST }) })
  end
end

--- The report of the interpreter, or of the one that it delegates to, about itself.
---@param chosen dingbridge.Python
---@return string? program nil when it does not answer
---@return string? version
---@return string problem what keeps the host from running on it; empty when nothing does
local function ask(chosen)
  -- Raises for a file that cannot be run.
  local ok, ended = pcall(function()
    local how = { text = true, timeout = M.answer_within, cwd = python.FOLDER }
    return vim.system(python.command(chosen, 'check'), how):wait(M.answer_within + 500)
  end)
  if not ok then
    return nil, nil, say('cannot_be_run')
  elseif ended.code == 124 then
    return nil, nil, say('no_answer_within', { seconds = M.answer_within / 1000 })
  end
  local program, version = (ended.stdout or ''):match('^([^\n]+)\n(%d+%.%d+%.%d+)')
  local words = vim.trim(ended.stderr or '')
  if not version and words == '' then
    words = say('no_python')
  end
  return program, version, words:sub(-500)
end

local function check_python()
  local chosen = host.python()
  local parts = { program = chosen.program or chosen.written, why = say(chosen.why) }
  local shown = say('chosen_by', parts)
  if not chosen.program then
    local problem, advice = python.explain(chosen, chosen.problem)
    health.error(say('python_cannot_be_run', { python = shown, problem = problem }), advice)
    return
  end
  local program, version, words = ask(chosen)
  local problem, advice = python.explain(chosen, words)
  if program and vim.fs.normalize(program) ~= chosen.program and not chosen.is_fixed then
    parts.other = program
    shown = say('hands_over', parts)
  end
  if problem ~= words then
    health.ok(say('python', { version = version, python = shown }))
    health.error(problem, advice)
  elseif problem ~= '' then
    local reason = message_format.one_line(problem)
    health.error(say('python_cannot_run_host', { python = shown, problem = reason }), advice)
  else
    health.ok(say('python', { version = version, python = shown }))
    health.ok(say('packages_there'))
  end
end

local function check_commands()
  local other = chat_module.other()
  if vim.fn.exists(':DingTalk') ~= 2 then
    health.warn(say('no_commands'), { chat_module.hint() or say('call_setup') })
  elseif command_name.is_ours('Chat') then
    health.ok(say('commands_ours'))
  else
    vim.health.warn(say('chat_of_other'), { say('use_dingtalk') })
  end
  if other then
    health.info(say('module_of_other', { file = other }))
  end
end

---@param status dingbridge.AccountStatus
---@param named fun(words: string): string
local function check_link(status, named)
  if status.mode ~= 'api' then
    return
  elseif status.connected then
    health.ok(named(say('connected')))
  elseif status.link == 'waiting' then
    local reason = status.last_error ~= '' and status.last_error or say('no_reason')
    health.error(named(say('not_connected', { reason = message_format.one_line(reason) })), {
      say('status_says_when'),
      say('help_reasons'),
    })
  elseif status.link == 'connecting' then
    health.info(named(say('connecting')))
  else
    health.warn(named(say('link_off')), {
      say('bridge_binds'),
    })
  end
end

---@param status dingbridge.AccountStatus
---@param named fun(words: string): string
local function check_messages(status, named)
  local pause = math.ceil(status.cool_down_until - os.time())
  if pause > 0 then
    local held = { seconds = pause, reason = message_format.one_line(status.cool_down) }
    health.warn(named(say('messages_held', held)), {
      say('leave_by_themselves'),
    })
  elseif status.queued > 0 then
    health.info(named(say('messages_wait', { count = status.queued })))
  end
  if status.failed > 0 then
    health.warn(named(say('messages_failed', { count = status.failed })), {
      say('outbox_shows'),
      say('retry_or_drop'),
    })
  end
  if status.last_error ~= '' and status.link ~= 'waiting' then
    health.warn(named(say('last_error', { reason = message_format.one_line(status.last_error) })), {
      say('help_and_log'),
    })
  end
  if status.asking > 0 then
    health.warn(named(say('asking', { count = status.asking })), { say('pair_shows') })
  end
  local let_in = require('dingbridge.state').let_in[status.account]
  if let_in and let_in.paired[1] then
    local people = vim.tbl_map(function(row)
      return message_format.one_line(row[2])
    end, let_in.paired)
    health.ok(named(say('by_a_code', { people = table.concat(people, ', ') })))
  end
  if status.quota ~= '' then
    health.info(named(say('quota', { quota = message_format.one_line(status.quota) })))
  end
end

--- Reports on host and service from the tables in Lua, without asking them.
---@param are_good boolean whether the settings are
local function check_host(are_good)
  if not host.is_running() then
    health.info(say('host_off'))
    return
  end
  local status = require('dingbridge').status()
  if #status.accounts == 0 then
    health.info(say('host_reading'))
    return
  end
  if state.service_gone then
    health.warn(say('service_away'), { say('service_tells') })
    return
  end
  health.ok(say('host_runs'))
  if not are_good then
    return -- the section about settings reports the problem
  end
  local wanted = require('dingbridge').mode()
  local trouble = status.accounts[1].last_error
  if status.mode == 'off' and wanted ~= 'off' and trouble ~= '' then
    health.error(say('host_says', { trouble = message_format.one_line(trouble) }), {
      say('correct_outside'),
    })
    return
  elseif status.mode == 'off' and wanted ~= 'off' then
    health.warn(say('not_set_up'), { say('status_says') })
  end
  for _, account in ipairs(status.accounts) do
    local function named(words)
      return #status.accounts > 1 and say('of_account', { account = account.account, row = words }) or words
    end
    check_link(account, named)
    check_messages(account, named)
  end
end

--- Writes the report of `:checkhealth dingbridge`.
function M.check()
  vim.health.start(say('part_editor'))
  check_neovim()
  check_python()
  check_commands()
  vim.health.start(say('part_settings'))
  local are_good = require('dingbridge.health.settings').check()
  vim.health.start(say('part_files'))
  require('dingbridge.health.files').check()
  vim.health.start(say('part_agents'))
  require('dingbridge.health.agents').check()
  vim.health.start(say('part_host'))
  check_host(are_good)
end

return M
