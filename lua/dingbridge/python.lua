--- The Python that the host runs on: which one it is, what it must have, and what it complains of.

local M = {}

local ROOT = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))

M.STUB = ROOT .. '/rplugin/python3/dingbridge_rplugin.py'

--- Looks for the packages before it imports anything, so that what is missing is named at once.
local LOOK = [[
import importlib.util, sys
needed = ('pynvim', 'requests', 'websocket', 'appdirs', 'msgspec', 'filelock', 'dotenv', 'markdown_it', 'wcwidth')
missing = [name for name in needed if importlib.util.find_spec(name) is None]
problem = 'missing: ' + ' '.join(missing) if missing else None
if sys.version_info < (3, 10):
    problem = 'Python 3.10 or newer is needed, this is %d.%d' % sys.version_info[:2]
]]

--- Runs the host, or ends with what is wrong on standard error.
M.BOOT = LOOK .. [[
if problem:
    sys.exit(problem)
import pynvim
pynvim.start_host()
]]

--- Says the version, and ends as `BOOT` would.
M.PROBE = LOOK .. [[
print('%d.%d.%d' % sys.version_info[:3])
sys.exit(problem)
]]

--- The interpreter that is used.
---@param wanted any the option `python`
---@return string program
---@return string why what chose it, in words
function M.choose(wanted)
  local own = ROOT .. (vim.fn.has('win32') == 1 and '/.venv/Scripts/python.exe' or '/.venv/bin/python')
  if type(wanted) == 'string' and wanted ~= '' then
    return vim.fn.expand(wanted), 'the option `python`'
  elseif vim.uv.fs_stat(own) then
    return own, "`.venv` in the plugin's folder"
  elseif vim.g.python3_host_prog then
    return vim.g.python3_host_prog, '`g:python3_host_prog`'
  end
  return 'python3', 'the `PATH`'
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
