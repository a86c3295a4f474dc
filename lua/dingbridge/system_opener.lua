--- Passes an address or a file to the system's program for it, and says when that has not opened it.

local message_format = require('dingbridge.message_format')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')

local M = {}

local LOOKS_EVERY = 100 -- milliseconds
local LOOKS = 100 -- a program that runs longer shows the file, and its end means nothing
local RESULT_WITHIN = 50 -- milliseconds from the end of a program to its exit code

-- Explorer ends with 1 whether it has opened the file or not (microsoft/WSL, issue 6565).
local MEANS_NOTHING = { ['explorer.exe'] = true }

---@param target string
---@param name string of the sentence
---@param parts? table<string, any>
local function refuse(target, name, parts)
  parts = vim.tbl_extend('error', parts or {}, { target = message_format.one_line(target) })
  notice.show(say(name, parts), 'warn')
end

--- Looks at the exit code of a program once it has ended, without waiting for it. A `vim.ui.open` of
--- the user may return anything.
---@param target string
---@param program any
local function watch(target, program)
  if type(program) ~= 'table' or not program.is_closing or not program.wait or not program.cmd then
    return
  end
  local looks = 0
  local function look()
    looks = looks + 1
    if not program:is_closing() then
      if looks < LOOKS then
        vim.defer_fn(look, LOOKS_EVERY)
      end
      return
    end
    local ended = program:wait(RESULT_WITHIN)
    local name = vim.fs.basename(program.cmd[1])
    if ended and ended.code ~= 0 and not MEANS_NOTHING[name] then
      refuse(target, 'not_opened_by', { program = name, code = ended.code })
    end
  end
  vim.defer_fn(look, LOOKS_EVERY)
end

--- Opens an address or a file with the system's default program.
---@param target string
function M.open(target)
  -- Neovim 0.12 opens URLs through a shell on Windows, where an address could be a command. It appends
  -- the target to the given list.
  local given = vim.fn.has('win32') == 1 and { cmd = { 'rundll32', 'url.dll,FileProtocolHandler' } } or nil
  local program, problem = vim.ui.open(target, given)
  -- Neovim's own words list the programs that it has looked for.
  if problem and problem:find('no%shandler%sfound') then
    refuse(target, 'not_opened_here')
  elseif problem then
    notice.show(('%s\n%s'):format(message_format.one_line(target), problem), 'warn')
  else
    watch(target, program)
  end
end

return M
