--- What a transcript says about the next steps, as long as all that it holds stayed in the editor:
--- lines that are not part of the buffer.

local command_name = require('dingbridge.command_name')
local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local wrap = require('dingbridge.wrap')

local M = {}

local namespace = vim.api.nvim_create_namespace('dingbridge_guidance')

local MOST_MESSAGES = 3 -- that stayed in the editor, above the next steps
local COMMANDS = 24 -- columns of the commands, if their meaning stands beside them
local BESIDE = 64 -- columns from which it does

---@class dingbridge.Step
---@field [1] string sentence with a command
---@field [2] string sentence with its meaning
---@field key? string instead of a command

local BIND = { 'command_bridge', 'guide_bind' }
local BIND_ONE_WAY = { 'command_bridge', 'guide_bind_one_way' }
local PAIR = { 'command_pair', 'guide_access' }
local HELP = { 'command_help', 'guide_help' }
local HEALTH = { 'command_health', 'guide_health' }
local SETUP = { 'command_setup', 'guide_setup' }
local ROBOT = { 'command_help_robot', 'guide_robot' }
local APP = { 'command_help_app', 'guide_app' }
local STATUS = { 'command_status', 'guide_status' }

---@param session string
---@return dingbridge.AccountStatus|nil account that the session is bound to
local function account_of(session)
  local known = state.destinations[session]
  for _, account in ipairs(known and known.account ~= '' and state.status.accounts or {}) do
    if account.account == known.account then
      return account
    end
  end
end

--- Why nobody can write to a session yet.
---@param account dingbridge.AccountStatus
---@return string|nil sentence nil when people can, or never will
local function why_not_connected(account)
  if account.mode ~= 'api' or account.connected then
    return nil
  elseif account.link == 'connecting' then
    return say('guide_connecting')
  elseif account.last_error == '' then
    return say('guide_not_connected')
  end
  return say('guide_not_connected_why', { reason = message_format.one_line(account.last_error) })
end

--- What there is to say about a session: a sentence, and the next steps.
---@param session string
---@return string|nil sentence nil while the settings are unknown
---@return dingbridge.Step[]
local function content(session)
  local status = require('dingbridge').status()
  if not state.status or status.mode == 'unknown' then
    return nil, {}
  elseif require('dingbridge').problems()[1] then
    return say('guide_problems'), { HEALTH, HELP }
  elseif status.mode == 'off' then
    return say('guide_off'), { SETUP, ROBOT, APP, HEALTH }
  end
  local account = account_of(session)
  if not account then
    local is_one_way = status.mode == 'webhook'
    return say('guide_unbound'), is_one_way and { BIND_ONE_WAY, HELP } or { BIND, PAIR, HELP }
  end
  local current, why_not = state.destinations[session].current, why_not_connected(account)
  local goes = current.target ~= '' and say('guide_goes', { name = message_format.one_line(current.name) })
  if why_not then
    local gap = goes and vim.endswith(goes, '。') and '' or ' '
    return goes and goes .. gap .. why_not or why_not, { STATUS, HELP }
  elseif goes then
    return goes, account.mode == 'webhook' and { HELP } or { PAIR, HELP }
  end
  return say('guide_bound'), { PAIR, HELP }
end

--- The lines for a window of that width, as virtual lines.
---@param sentence string
---@param steps dingbridge.Step[]
---@param width integer
---@return { [1]: string, [2]: string }[][]
local function lines_of(sentence, steps, width)
  local lines = {}
  local function add(...)
    lines[#lines + 1] = { ... }
  end
  for _, line in ipairs(wrap.lines(sentence, width - 2)) do
    add({ line, 'DingbridgeHint' })
  end
  lines[#lines + 1] = { { '' } }
  for _, step in ipairs(steps) do
    local command, meaning = step.key or command_name.shown(say(step[1])), say(step[2])
    if width >= BESIDE then
      command = command .. (' '):rep(COMMANDS - vim.api.nvim_strwidth(command))
      for number, line in ipairs(wrap.lines(meaning, width - COMMANDS - 4)) do
        local first = number == 1 and command or (' '):rep(COMMANDS)
        add({ first, 'DingbridgeCommand' }, { '  ' .. vim.trim(line), 'DingbridgeHint' })
      end
    else
      add({ command, 'DingbridgeCommand' })
      for _, line in ipairs(wrap.lines(meaning, width - 6)) do
        add({ '    ' .. vim.trim(line), 'DingbridgeHint' })
      end
    end
  end
  return lines
end

--- Whether a session has few messages, and none that was sent or received.
---@param session string
---@return boolean
local function is_unused(session)
  local transcript = state.transcripts[session]
  local list = transcript and transcript.list or {}
  if transcript and (transcript.more or transcript.above[1]) or #list > MOST_MESSAGES then
    return false
  end
  for _, message in ipairs(list) do
    if not (message_format.is_kept_here(message) or message.delivery == 'unsaved') then
      return false
    end
  end
  return true
end

--- Shows the next steps below the messages of a session that is not in use yet, and removes them from
--- another one.
---@param view dingbridge.View
---@param session string
function M.show(view, session)
  local sentence, steps
  if is_unused(session) then
    sentence, steps = content(session)
    local key = require('dingbridge.keys').first('help')
    if sentence and key then
      table.insert(steps, #steps, { '', 'guide_keys', key = key })
    end
  end
  if sentence then
    local transcript_buffer = require('dingbridge.transcript_buffer')
    local following = view.is_empty and {} or transcript_buffer.followers(view.buffer)
    local last = vim.api.nvim_buf_line_count(view.buffer) - 1
    view.guide = vim.api.nvim_buf_set_extmark(view.buffer, namespace, last, 0, {
      id = view.guide,
      virt_lines = lines_of(sentence, steps, require('dingbridge.transcript_width').of(view.buffer)),
    })
    transcript_buffer.follow(following, view.buffer)
  elseif view.guide then
    vim.api.nvim_buf_del_extmark(view.buffer, namespace, view.guide)
    view.guide = nil
  end
end

-- The lines of another width are laid out anew.
vim.api.nvim_create_autocmd('WinResized', {
  group = vim.api.nvim_create_augroup('dingbridge_guidance', {}),
  callback = function()
    require('dingbridge.chat_window').guide()
  end,
})

return M
