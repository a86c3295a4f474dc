--- What the keys of a transcript do with the message or the code block under the cursor.

local command_ids = require('dingbridge.command_ids')
local message_place = require('dingbridge.message_place')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local in_draft = {} ---@type table<string, true> messages whose text was put into the draft again, by id

--- The message under the cursor; nil after a notice that there is none.
---@return dingbridge.Message|nil
local function here()
  local _, message = message_place.under_cursor()
  if not message then
    notice.show(say('no_message_here'), 'warn')
  end
  return message
end

---@param command 'retry'|'recall'
---@param id string
local function run(command, id)
  -- `:Chat` may belong to another plugin.
  vim.api.nvim_cmd({ cmd = 'DingTalk', args = { ('%s %s'):format(command, id) } }, {})
end

--- Quotes the message in the draft.
---@param session string
function M.reply(session)
  local message = here()
  if message then
    require('dingbridge.reply').quote(session, message)
  end
end

--- Puts the text of a message at the end of the draft, and the cursor there. One that never had a
--- destination is then kept here; of another one it is not known that it did not arrive.
---@param session string
---@param message dingbridge.Message
local function write_again(session, message)
  in_draft[message.id] = true
  if message.target == '' then
    require('dingbridge.host').tell('in_draft', { session = session, message = message.id })
  end
  require('dingbridge.drafts').append(session, vim.split(message.text, '\n', { plain = true }))
  require('dingbridge.chat_focus').write(session, true)
  notice.show(say('back_in_draft'))
end

--- Sends the failed message again, or puts it into the draft if no outbox has it.
---@param session string
function M.retry(session)
  local message = here()
  if message and message.delivery ~= 'failed' then
    notice.show(say('has_not_failed'), 'warn')
  elseif message and command_ids.is_out_of_reach(message) then
    write_again(session, message)
  elseif message then
    run('retry', command_ids.of(session, message))
  end
end

--- A failed message that no command can send again: the one with this id; without an id, the latest of
--- the session whose text is not in the draft again, if the outbox is empty.
---@param session string
---@param id string
---@return dingbridge.Message|nil
local function out_of_reach(session, id)
  if id == '' and (state.outbox.failed[1] or state.outbox.waiting[1]) then
    return nil
  end
  for name in pairs(state.transcripts) do
    local list = (id ~= '' or name == session) and state.messages(name) or {}
    for number = #list, 1, -1 do
      local message = list[number]
      local is_meant = message.id == id or id == '' and not in_draft[message.id]
      if is_meant and command_ids.is_out_of_reach(message) then
        return message
      end
    end
  end
end

--- Says what to do with a message that no command can send again, if a retry means one.
---@param session string
---@param id string of the message; empty: all that failed
---@return boolean said
function M.refuse_retry(session, id)
  local message = out_of_reach(session, id)
  if message then
    local key = require('dingbridge.keys').first('retry')
    local parts = { id = message.id, reason = message.reason, key = key }
    notice.show(say(key and 'not_retried_key' or 'not_retried', parts), 'warn')
  end
  return message ~= nil
end

--- Recalls the sent message.
---@param session string
function M.recall(session)
  local message = here()
  if message and message.delivery ~= 'sent' then
    notice.show(say(message.delivery == 'recalled' and 'is_recalled' or 'only_sent_is_recalled'), 'warn')
  elseif message then
    run('recall', command_ids.of(session, message))
  end
end

--- Copies the contents of the code block to the unnamed register and to the one that was named.
function M.yank_code()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local block = require('dingbridge.code_blocks').at(0, row)
  if not block then
    notice.show(say('no_code_here'), 'warn')
    return
  end
  for register in pairs({ [vim.v.register] = true, ['"'] = true }) do
    vim.fn.setreg(register, block.lines, 'l')
  end
  notice.show(say('code_yanked', { count = #block.lines }))
end

return M
