--- The Python that the host runs on: which one it is, what it must have, and what it complains of.

local M = {}

local ROOT = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))

M.STUB = ROOT .. '/rplugin/python3/dingbridge_rplugin.py'

--- The folder in which the host runs: none that somebody else may have filled.
M.FOLDER = ROOT

local IS_WINDOWS = vim.fn.has('win32') == 1

--- What the interpreter is started with. It runs a file by its path: `-c` and `-m` would look for modules in the
--- current folder.
---@param program string
---@param part 'host'|'check'
---@return string[]
function M.command(program, part)
  return { program, ROOT .. '/dingbridge/launch.py', part, M.STUB }
end

---@param path string
---@return boolean
local function is_absolute(path)
  return vim.startswith(path, '/') or IS_WINDOWS and path:match('^%a:/') ~= nil
end

--- Whether a folder of programs belongs to a virtual environment below the current folder: the project's, not the
--- user's.
---@param folder string
---@return boolean
local function is_of_project(folder)
  local environment = vim.fs.dirname(folder)
  local project = vim.fs.normalize(vim.fn.getcwd())
  return environment ~= ROOT .. '/.venv'
    and vim.startswith(environment .. '/', vim.endswith(project, '/') and project or project .. '/')
    and vim.uv.fs_stat(environment .. '/pyvenv.cfg') ~= nil
end

--- A program of that name in an absolute folder of the `PATH`. Neovim itself would look in relative ones as well, and
--- on Windows in the current folder first.
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

--- What somebody wrote as an interpreter, as a whole path.
---@param written string
---@return string|nil program
---@return string? problem
local function whole_path(written)
  local name = vim.trim(written)
  if not name:find('[/\\]') then
    return M.find(name), ('there is no `%s` on the `PATH`'):format(name)
  end
  local path = vim.fs.normalize(name)
  if not is_absolute(path) then
    return nil, 'it must be an absolute path, or a name that is on the `PATH`'
  elseif vim.fn.executable(path) ~= 1 then
    return nil, 'it cannot be run'
  end
  return path
end

---@class dingbridge.Python
---@field program string|nil whole path; nil when there is none
---@field written string as it was chosen
---@field why string what chose it, in words
---@field problem string|nil in words, without a program

--- The interpreter that is used.
---@param wanted any the option `python`
---@return dingbridge.Python
function M.choose(wanted)
  local own = ROOT .. (IS_WINDOWS and '/.venv/Scripts/python.exe' or '/.venv/bin/python')
  local written, why = 'python3', 'the `PATH`'
  if type(wanted) == 'string' and wanted ~= '' then
    written, why = wanted, 'the option `python`'
  elseif vim.uv.fs_stat(own) then
    written, why = own, "`.venv` in the plugin's folder"
  elseif vim.g.python3_host_prog then
    written, why = vim.g.python3_host_prog, '`g:python3_host_prog`'
  end
  local program, problem = whole_path(written)
  return { program = program, written = written, why = why, problem = not program and problem or nil }
end

--- What a program that cannot run the host complained of, and what helps.
---@param program string
---@param words string what it wrote to standard error
---@return string problem
---@return string? command that installs what is missing
function M.explain(program, words)
  local missing = words:match('missing: ([%w_ ]+)')
  if not missing then
    return words
  end
  local command = ('%s -m pip install %s'):format(vim.fn.shellescape(program), vim.fn.shellescape(ROOT))
  return ('Python packages are missing (%s)'):format(missing), command
end

return M
