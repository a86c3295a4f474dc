--- Shows lines without interrupting: no prompt to press a key, no change of focus or mode. Keeps them
--- for `:Chat messages`.

local command_name = require('dingbridge.command_name')

local M = {
  --- The latest notices, the newest at the end, with the time in Unix seconds. A report was shown in
  --- a window of its own.
  ---@type { text: string, level: integer, time: integer, is_report: boolean }[]
  said = {},
}

local KEPT = 500
local ERROR = vim.log.levels.ERROR

local offered = {} ---@type any[] the arguments for `vim.notify`

--- The callback of the command that may run it.
function M.notify_offered()
  vim.notify(unpack(offered))
end

--- Shows lines with `vim.notify`, if the user or a plugin has replaced it. Returns whether they are
--- shown. Output to the message area, which may require a key press, is captured and counts as not
--- shown, and so does an error. Neovim 0.10 captures nothing in the command-line window: neither is
--- the mark captured then that is always written.
---@param text string
---@param level integer
---@return boolean
local function is_shown_by_user(text, level)
  offered = { text, level, { title = 'dingbridge' } }
  local errmsg = vim.v.errmsg
  vim.v.errmsg = ''
  local command = "silent! echo '.' | silent! call v:lua.require'dingbridge.notice'.notify_offered()"
  local caught = vim.api.nvim_exec2(command, { output = true }).output
  local is_shown = caught == '.' and vim.v.errmsg == ''
  vim.v.errmsg = errmsg
  return is_shown
end

--- Puts the first line of an error into `:messages`, once Neovim waits for the user: then one line
--- requires no key press. Without a line for messages it could.
---@param text string
local function write_to_messages(text)
  vim.api.nvim_create_autocmd('SafeState', {
    once = true,
    callback = function()
      if vim.o.cmdheight > 0 then
        local line = 'dingbridge: ' .. text:match('[^\n]*'):gsub('%c', ' ')
        line = require('dingbridge.wrap').cut(line, vim.v.echospace)
        vim.api.nvim_echo({ { line, 'DingbridgeError' } }, true, {})
      end
    end,
  })
end

--- Stores a notice, or a report that is shown elsewhere.
---@param text string
---@param level? integer
---@param is_report? boolean
function M.note(text, level, is_report)
  M.said[#M.said + 1] =
    { text = text, level = level or vim.log.levels.INFO, time = os.time(), is_report = is_report or false }
  if #M.said > KEPT then
    table.remove(M.said, 1)
  end
end

---@param text string
---@param level integer
local function display(text, level)
  local mode = vim.api.nvim_get_mode().mode
  if vim.startswith(mode, 'c') then
    -- Neovim 0.10 cannot capture output while a command line is open.
    vim.api.nvim_create_autocmd('CmdlineLeave', {
      once = true,
      callback = vim.schedule_wrap(function()
        display(text, level)
      end),
    })
  elseif not is_shown_by_user(text, level) then
    require('dingbridge.corner').show(text, level)
    if level == ERROR then
      write_to_messages(text)
    end
  end
end

--- Shows a notice: with the user's `vim.notify`, or in a corner. Not in the message area, where a
--- second line requires a key press.
---@param text string
---@param level? 'info'|'warn'|'error'
function M.show(text, level)
  local number = vim.log.levels[(level or 'info'):upper()]
  text = command_name.shown(text)
  M.note(text, number)
  vim.schedule(function()
    display(text, number)
  end)
end

--- Shows a notice of the service. One about a message is only kept while its session is in a window,
--- where the message says it.
---@param update { text: string, level: 'info'|'warn'|'error', session: string }
function M.of_service(update)
  if update.session ~= '' and require('dingbridge.message_place').is_shown(update.session) then
    M.note(command_name.shown(update.text), vim.log.levels[update.level:upper()])
  else
    M.show(update.text, update.level)
  end
end

return M
