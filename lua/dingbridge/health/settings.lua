--- The part of `:checkhealth dingbridge` about settings: problems, modes, where the secrets come
--- from, and who is let in. No secret is shown and no program is run.

local declared = require('dingbridge.declared')
local host = require('dingbridge.host')

local health = require('dingbridge.health.say')

local M = {}

--- The help of the option that a problem is about.
---@param problem string
---@return string
local function help_of(problem)
  local path = problem:match('^' .. vim.pesc(declared.prefix) .. '%.([%w_.]+)')
  local name = path and (declared.spellings[path] or declared.spellings[path:match('[^.]+$')])
  return (':help dingbridge-option%s'):format(name and ('-' .. name) or 's')
end

---@param value any as written
---@return string? name of the variable that stands for the value
local function variable(value)
  if type(value) ~= 'string' then
    return nil
  end
  local text = vim.trim(value)
  return text:match('^%$([%a_][%w_]*)$') or text:match('^%${([%a_][%w_]*)}$')
end

--- Says where one secret comes from.
---@param shown string
---@param option dingbridge.Option
---@param value any as written; nil when it is not
---@param is_given boolean whether there is a value in the end
local function check_source(shown, option, value, is_given)
  local name = variable(value)
  if type(value) == 'table' and vim.islist(value.cmd) then
    local program = tostring(value.cmd[1])
    -- A name alone is never looked for in the current folder.
    local path = program:find('[/\\]') and program or require('dingbridge.python').find(program)
    if path and vim.fn.executable(path) == 1 then
      health.ok(('%s: said by the program `%s`'):format(shown, program))
    else
      health.error(('%s: the program `%s` cannot be run'):format(shown, program), {
        'Install it, or give its whole path as the first word of `cmd`',
      })
    end
  elseif name and vim.env[name] then
    health.ok(('%s: from the environment variable %s'):format(shown, name))
  elseif name then
    health.info(('%s: from the variable %s of `env` or `env_file`'):format(shown, name))
  elseif value ~= nil then
    health.info(('%s: written in the settings'):format(shown))
  elseif is_given and option.env then
    health.ok(('%s: from the environment variable %s'):format(shown, option.env))
  end
end

---@param value string as written
local function check_env_file(value)
  local name = variable(value)
  local path = vim.fs.normalize(name and (vim.env[name] or '') or vim.trim(value), { expand_env = false })
  path = vim.fs.normalize(vim.fn.fnamemodify(path, ':p'), { expand_env = false })
  local file = vim.uv.fs_stat(path)
  if not file then
    health.error(('env_file: there is no file `%s`'):format(path), { 'Make it, or correct `env_file`' })
  elseif file.type ~= 'file' or not vim.uv.fs_access(path, 'R') then
    health.error(('env_file: `%s` cannot be read'):format(path), { 'Name a file that you can read' })
  elseif vim.fn.has('win32') == 0 and bit.band(file.mode, tonumber('077', 8)) ~= 0 then
    health.warn(('env_file: others can read `%s`, which may hold secrets'):format(path), {
      'chmod 600 ' .. vim.fn.shellescape(path),
    })
  else
    health.ok(('env_file: `%s`'):format(path))
  end
end

---@param values table<string, any> of an account
---@return string[] people
---@return boolean everybody
local function let_in(values)
  local listed = values.allow_from or {}
  local people = vim.list_slice(values.admins or {})
  for _, one in ipairs(listed) do
    if not vim.tbl_contains(people, one) then
      people[#people + 1] = one
    end
  end
  local open = values['dm.policy'] == 'open' and values.allow_from == nil
  return people, open or vim.tbl_contains(listed, '*')
end

---@param values table<string, any> of an account
---@param prefix string
local function check_access(values, prefix)
  local policy, groups = values['dm.policy'], values.group_policy
  local people, everybody = let_in(values)
  local naming = "Name staff ids: allow_from = { 'manager01' }; a refused sender is told theirs"
  if everybody then
    health.warn(prefix .. 'everybody who can write to the robot is let in', { naming })
  elseif #people > 0 then
    health.ok(('%slet in: %s'):format(prefix, table.concat(people, ', ')))
  elseif policy == 'pairing' then
    health.info(
      prefix
        .. 'the settings let nobody in: who writes to the robot gets a code,'
        .. ' `:Chat pair` shows who asks, and `:Chat pair {code}` lets them in'
    )
  elseif next(values.groups or {}) == nil then
    health.warn(prefix .. 'nobody is let in: allow_from is empty', {
      naming,
      "Or let people ask: dm = { policy = 'pairing' }, then `:Chat pair {code}` lets one in",
    })
  end
  health.info(('%s1:1 chats: %s; groups: %s'):format(prefix, policy, groups))
end

---@param name string
---@param values table<string, any>
---@param mode string
---@param prefix string
local function check_mode(name, values, mode, prefix)
  if mode == 'api' then
    local app = values.app_key and (', app ' .. values.app_key) or ''
    health.ok(('%sAPI mode, both ways%s (account %s)'):format(prefix, app, name))
  elseif mode == 'webhook' then
    health.ok(prefix .. "webhook mode, one way: messages go to the robot's group")
  elseif mode == 'unknown' then
    health.info(prefix .. 'the mode is known once the host has read `env_file`')
  elseif values.enabled == false then
    health.warn(prefix .. 'switched off', { 'enabled = true switches it on' })
  else
    health.warn(prefix .. 'DingTalk is not set up', {
      'Set `webhook` to send to a group, or `app_key` and `app_secret` to talk both ways',
      ':help dingbridge-configure shows how',
    })
  end
end

--- Reports on the settings in force, as `setup()` checks them.
function M.check()
  local problems = require('dingbridge').problems()
  for _, problem in ipairs(problems) do
    health.error(problem, { 'Correct it in `setup()`; ' .. help_of(problem) })
  end
  local given = host.given()
  local outer, written = require('dingbridge.options').canonical(given)
  if type(outer.env_file) == 'string' then
    check_env_file(outer.env_file)
  end
  if #problems > 0 then
    health.info('Until then DingTalk is off; sessions in the editor work')
    return
  end
  local _, _, accounts, _, _, modes = require('dingbridge.options').check(given)
  local names = vim.tbl_keys(accounts)
  table.sort(names)
  for _, name in ipairs(names) do
    local prefix = #names > 1 and (name .. ': ') or ''
    local values, mode = accounts[name], modes[name]
    check_mode(name, values, mode, prefix)
    for _, option in ipairs(declared.options) do
      if option.kind == 'secret' or option.kind == 'webhook address' then
        local value = (written[name] or {})[option.name]
        check_source(prefix .. option.name, option, value, values[option.name] ~= nil)
      end
    end
    if mode == 'api' then
      check_access(values, prefix)
    end
  end
end

return M
