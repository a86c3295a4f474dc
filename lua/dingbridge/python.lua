--- The Python interpreter of the host: how it is found and started, and its errors.

local say = require('dingbridge.say')

local M = {}

local ROOT = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))

M.STUB = ROOT .. '/rplugin/python3/dingbridge_rplugin.py'

--- The working folder of the host: one whose content nobody else controls.
M.FOLDER = ROOT

local LAUNCH = ROOT .. '/dingbridge/launch.py'
local OLDEST, NEWEST = 10, 14 -- of Python 3
local IS_WINDOWS = vim.fn.has('win32') == 1

---@param path string
---@return boolean
local function is_absolute(path)
  return vim.startswith(path, '/') or IS_WINDOWS and path:match('^%a:/') ~= nil
end

--- Whether a folder of programs belongs to a virtual environment of the project in the current folder.
---@param folder string
---@return boolean
local function is_of_project(folder)
  local environment = vim.fs.dirname(folder)
  local project = vim.fs.normalize(vim.fn.getcwd())
  return environment ~= ROOT .. '/.venv'
    and vim.startswith(environment .. '/', vim.endswith(project, '/') and project or project .. '/')
    and vim.uv.fs_stat(environment .. '/pyvenv.cfg') ~= nil
end

--- The path of a program in an absolute folder of the `PATH`. Neovim would also search relative ones, and on Windows
--- the current folder first.
---@param name string
---@return string|nil path
function M.find(name)
  local file = IS_WINDOWS and not name:match('%.[eE][xX][eE]$') and name .. '.exe' or name
  for _, entry in ipairs(vim.split(vim.env.PATH or '', IS_WINDOWS and ';' or ':', { plain = true })) do
    local folder = vim.fs.normalize(entry, { expand_env = false })
    local path = vim.fs.joinpath(folder, file)
    if is_absolute(folder) and vim.fn.executable(path) == 1 and not is_of_project(folder) then
      return path
    end
  end
end

--- The absolute path of an interpreter that the user has set.
---@param written string
---@return string|nil program
---@return string? problem
local function absolute_path(written)
  local name = vim.trim(written)
  if not name:find('[/\\]') then
    local found = M.find(name)
    return found, not found and say('not_on_path', { name = name }) or nil
  end
  local path = vim.fs.normalize(name)
  if not is_absolute(path) then
    return nil, say('needs_absolute_path')
  elseif vim.fn.executable(path) ~= 1 then
    return nil, say('cannot_be_run')
  end
  return path
end

--- The interpreters on the `PATH`, the most likely ones first.
---@return string[] paths
function M.on_path()
  local names = { 'python3' }
  for minor = NEWEST, OLDEST, -1 do
    names[#names + 1] = 'python3.' .. minor
  end
  names[#names + 1] = IS_WINDOWS and 'python' or nil
  local found = {}
  for _, name in ipairs(names) do
    found[#found + 1] = M.find(name)
  end
  return found
end

---@class dingbridge.Python
---@field program string|nil absolute path; nil when there is none
---@field written string as it was chosen
---@field why string what chose it: the name of a sentence
---@field is_fixed boolean whether the user wants this one and no other
---@field problem string|nil in words, without a program

local OWN = ROOT .. (IS_WINDOWS and '/.venv/Scripts/python.exe' or '/.venv/bin/python')

--- Whether the plugin's environment has an interpreter that is new enough, according to its files.
---@return boolean
local function has_own()
  -- Raises without this file; then Python would not find the environment either.
  local ok, lines = pcall(vim.fn.readfile, ROOT .. '/.venv/pyvenv.cfg', '', 50)
  for _, line in ipairs(ok and lines or {}) do
    local minor = line:match('^version%w*%s*=%s*3%.(%d+)')
    if minor and tonumber(minor) < OLDEST then
      return false
    end
  end
  return ok and vim.fn.executable(OWN) == 1
end

--- The interpreter of the host. If it is unsuitable and was not set by the option, it delegates to another one.
---@param wanted any the option `python`
---@return dingbridge.Python
function M.choose(wanted)
  local written, why = nil, 'by_path'
  if type(wanted) == 'string' and wanted ~= '' then
    written, why = wanted, 'by_option'
  elseif has_own() then
    written, why = OWN, 'by_own'
  elseif vim.g.python3_host_prog and absolute_path(vim.g.python3_host_prog) then
    written, why = vim.g.python3_host_prog, 'by_variable'
  end
  local program, problem
  if written then
    program, problem = absolute_path(written)
  else
    written = 'python3'
    program = M.on_path()[1]
    problem = not program and say('none_on_path') or nil
  end
  return {
    program = program,
    written = written,
    why = why,
    is_fixed = written == wanted,
    problem = problem,
  }
end

--- The arguments of the interpreter. It runs a file by its path, because `-c` and `-m` would search the current
--- folder for modules.
---@param chosen dingbridge.Python
---@param part 'host'|'check'|'settings'|'files'|'agents'|'doctor'|'setup'
---@return string[]
function M.command(chosen, part)
  local command = { chosen.program, LAUNCH, part, M.STUB }
  if part == 'host' then
    -- The folders of the service that it attaches to before the first request.
    vim.list_extend(command, { vim.fn.stdpath('data'), vim.fn.stdpath('log') })
  end
  if not chosen.is_fixed then
    command[#command + 1] = vim.fn.getcwd()
    command[#command + 1] = vim.g.python3_host_prog and absolute_path(vim.g.python3_host_prog)
  end
  return command
end

--- The command that creates the plugin's environment.
---@param program string
---@param extras string[]
---@return string[]
function M.install_command(program, extras)
  return vim.list_extend({ program, LAUNCH, 'install', vim.fn.getcwd() }, extras)
end

--- The error of a program that cannot run the host, and advice, the best first.
---@param chosen dingbridge.Python
---@param words string what it wrote to standard error
---@return string problem
---@return string[] advice
---@return boolean can_install whether `:Chat install` mends it
function M.explain(chosen, words)
  local missing = words:match('missing: ([%w_ ]+)')
  local problem = missing and say('packages_missing', { packages = vim.trim(missing) }) or words
  local another = say('set_python')
  if chosen.is_fixed and not missing then
    return problem, { another }, false
  end
  local install = say(chosen.is_fixed and 'run_install_without_option' or 'run_install')
  return problem,
    {
      require('dingbridge.command_name').shown(install),
      say('install_in_shell', { folder = vim.fn.shellescape(ROOT) }),
      not missing and another or nil,
    },
    missing ~= nil and not chosen.is_fixed
end

return M
