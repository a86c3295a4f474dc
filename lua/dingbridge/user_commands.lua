--- The commands `:Chat` and `:DingTalk`: each sends its line to the host, with its context.

local command_name = require('dingbridge.command_name')
local generated = require('dingbridge.generated')
local host = require('dingbridge.host')
local state = require('dingbridge.state')

local M = {}

local OPENS = { [''] = true, new = true } -- commands that always open a session
local SENDS = { send = true, ['send-file'] = true, ['send-image'] = true } -- in a session
local DESCRIPTION = 'Chat on DingTalk (dingbridge)'

local waiting ---@type table|nil the latest command that was sent before a host had greeted

--- The subcommands that need neither host nor service, by name, each with its argument.
---@type table<string, fun(argument: string)>
local HERE = {
  install = function(argument)
    require('dingbridge.install').run(argument)
  end,
  setup = function()
    require('dingbridge.guided_setup').start()
  end,
  doctor = function(argument)
    require('dingbridge.doctor').run(argument)
  end,
  messages = function()
    require('dingbridge.notice_report').show()
  end,
  help = function(argument)
    require('dingbridge.manual').open(argument)
  end,
  ['notify-when-done'] = function()
    require('dingbridge.watch').when_done()
  end,
}

--- Carries out one of them.
---@param name string
---@param argument string
function M.run_here(name, argument)
  HERE[name](argument)
end

--- Whether a subcommand creates a message, which Lua keeps until it is durable.
---@param word string
---@return boolean
local function makes_message(word)
  for _, command in ipairs(generated.commands) do
    if command.name == word then
      return command.makes_message
    end
  end
  return false
end

--- Shows the window of a chat, so that the next keys go there: the service opens the session later.
---@param session string empty for one that is not known yet
local function show_at_once(session)
  if vim.fn.getcmdwintype() ~= '' then
    return
  elseif state.session(session) and require('dingbridge.chat_window').view_of(session) then
    state.opened_early = session
    require('dingbridge.chat_window').open(session)
  else
    require('dingbridge.starting').open()
  end
end

--- Sends a command to the host, with its context in the editor.
---@param call vim.api.keyset.create_user_command.command_args
local function run(call)
  local word, rest = call.args:match('^%s*(%S*)%s*(.*)')
  local takes_none = word == 'messages' or word == 'notify-when-done' or word == 'setup'
  if HERE[word] and not (takes_none and rest ~= '') then
    state.asked()
    M.run_here(word, vim.trim(rest))
    return
  end
  local payload = require('dingbridge.command_context').place(call.range, call.line1, call.line2)
  if word == 'retry' then
    local actions = require('dingbridge.message_actions')
    if actions.refuse_retry(payload.place.session, vim.trim(rest)) then
      return
    end
  end
  payload.line = call.args
  payload.id = makes_message(word) and require('dingbridge.drafts').new_id() or nil
  if SENDS[word] then
    require('dingbridge.sent_notice').expect(payload.id)
    if state.transcripts[payload.place.session] then
      require('dingbridge.chat_window').wrote(payload.place.session)
    end
  end
  waiting = not host.greeted and payload or nil
  if host.tell('command', payload) and OPENS[word] then
    show_at_once(word == '' and payload.place.session or '')
  end
end

--- A function that sends the latest command again, which no host has got. Messages are kept elsewhere.
---@return fun()
function M.again()
  local payload = waiting
  return function()
    host.start()
    if payload and not payload.id then
      host.tell('command', payload)
    end
  end
end

--- Defines the commands, except `:Chat` of another plugin.
function M.define()
  for _, name in ipairs(generated.editor_commands) do
    if command_name.is_ours(name) then
      vim.api.nvim_create_user_command(name, run, {
        nargs = '?',
        range = true,
        complete = function(...)
          return require('dingbridge.complete').line(...)
        end,
        desc = DESCRIPTION,
      })
    end
  end
end

return M
