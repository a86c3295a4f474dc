--- Applies updates of service and host: to the state, to the buffers, and as `User` autocommands.

local bars = require('dingbridge.bars')
local buffers = require('dingbridge.buffers')
local command_name = require('dingbridge.command_name')
local destination = require('dingbridge.destination')
local drafts = require('dingbridge.drafts')
local host = require('dingbridge.host')
local host_settings = require('dingbridge.host_settings')
local notice = require('dingbridge.notice')
local restored_windows = require('dingbridge.restored_windows')
local report_window = require('dingbridge.report_window')
local responder = require('dingbridge.responder')
local starting = require('dingbridge.starting')
local state = require('dingbridge.state')
local transcript_updates = require('dingbridge.transcript_updates')
local unconfirmed = require('dingbridge.unconfirmed')
local chat_window = require('dingbridge.chat_window')
local say = require('dingbridge.say')

local M = {}

--- Events after which a message is durable. One that failed at once may not be: see `confirmed`.
local WRITTEN_DOWN = { DingbridgeQueued = true, DingbridgeDelivered = true }
local ENDS = { DingbridgeDelivered = true, DingbridgeFailed = true }

--- Triggers a `User` autocommand.
---@param name string
---@param data table
local function trigger(name, data)
  vim.api.nvim_exec_autocmds('User', { pattern = name, data = data, modeline = false })
end

---@type table<string, fun(update: table)>
local handlers = {
  host = function(update)
    host.greet(update.channel, update.version)
  end,
  configured = function(update)
    host_settings.configured(update.revision)
  end,
  say = function(update)
    notice.of_service(update)
  end,
  report = function(update)
    report_window.show(update)
  end,
  sessions = function(update)
    state.sessions, state.unshown = update.list, update.current
    buffers.rename()
    restored_windows.show()
    bars.refresh()
  end,
  open = function(update)
    state.opened = state.opened + 1
    state.current = update.id
    chat_window.opened(update.id)
  end,
  pick = function(update)
    -- The list waits for an answer; the updates after this one do not.
    vim.schedule(function()
      require('dingbridge.session_picker').pick(update.latest)
    end)
  end,
  found = function(update)
    require('dingbridge.search').show(update)
  end,
  closed = function(update)
    transcript_updates.forget(update.id)
    chat_window.close(update.id)
  end,
  messages = function(update)
    transcript_updates.add(update)
  end,
  turn = function(update)
    require('dingbridge.live_turns').show(update)
  end,
  turn_grew = function(update)
    require('dingbridge.live_turns').grow(update)
  end,
  turn_over = function(update)
    require('dingbridge.live_turns').over(update.id, update.message)
  end,
  ending = function(update)
    transcript_updates.take(update.list)
    transcript_updates.merge_end(update)
  end,
  earlier = function(update)
    transcript_updates.take(update.list)
    state.add_above(update.id, transcript_updates.unshown(update.id, update.list), update.more)
    chat_window.add(update.id, false)
  end,
  destinations = function(update)
    destination.update(update.id, update)
    chat_window.guide()
  end,
  move_draft = function(update)
    destination.move(update.id, update.destination)
  end,
  choose_destination = function(update)
    -- The list waits for an answer; the updates after this one do not.
    vim.schedule(function()
      require('dingbridge.destination_choice').pick(update.id)
    end)
  end,
  fate = function(update)
    command_name.name_in(update, 'reason')
    local message = state.message(update.id, update.message)
    if message and (update.text or '') ~= '' then
      transcript_updates.complete(update.id, message, update.text)
    elseif message then
      transcript_updates.settle(update.id, message, update.delivery, update.reason)
    end
  end,
  send_draft = function(update)
    local id = drafts.send(update.id)
    if id then
      require('dingbridge.sent_notice').expect(id)
    end
  end,
  unsent = function(update)
    drafts.put_back(update.id)
    unconfirmed.refused(update.id)
    require('dingbridge.sent_notice').drop(update.id)
  end,
  confirmed = function(update)
    unconfirmed.confirmed(update.id)
    require('dingbridge.sent_notice').drop(update.id)
  end,
  leaving = function(update)
    host.leaves(update.word)
  end,
  service_back = function()
    state.service_gone = false
    host.hand_over()
    host.tell('working', { questions = responder.working() })
  end,
  status = function(update)
    local has_changed = not vim.deep_equal(state.outbox, update.outbox)
    state.outbox, state.knows_outbox = update.outbox, true
    if has_changed then
      report_window.outbox_changed()
    end
    if update.unread[1] or next(state.unread) then
      require('dingbridge.unread').update(update.unread)
    end
    update.kind, update.outbox, update.unread = nil, nil, nil
    for _, one in ipairs({ update, unpack(update.accounts) }) do
      command_name.name_in(one, 'last_error', 'cool_down')
    end
    if not vim.deep_equal(state.status, update) then
      state.status = update
      bars.refresh()
      chat_window.guide()
    end
  end,
  event = function(update)
    command_name.name_in(update.data, 'reason')
    if WRITTEN_DOWN[update.name] then
      unconfirmed.confirmed(update.data.id)
    end
    if ENDS[update.name] then
      unconfirmed.ended(update.data.id)
    end
    if update.name == 'DingbridgeQueued' then
      unconfirmed.queued(update.data)
    end
    require('dingbridge.sent_notice').heard(update.name, update.data)
    trigger(update.name, update.data)
  end,
  arrived = function(update)
    require('dingbridge.arrival_notice').add(update.list)
  end,
  respond = function(update)
    responder.ask(update)
  end,
  answering = function(update)
    require('dingbridge.answering').update(update.list)
  end,
  kept_here = function(update)
    if not require('dingbridge.message_place').is_shown(update.session) then
      notice.show(say('kept_here_only'), 'warn')
    end
  end,
  withdrawn = function(update)
    responder.withdraw(update.request)
  end,
  look = function(update)
    require('dingbridge.editor_queries').answer(update)
  end,
  let_in = function(update)
    require('dingbridge.pairing').update(update)
  end,
  choose = function(update)
    require('dingbridge.argument_choice').choose(update.command, update.rows)
  end,
  edit = function(update)
    local found = vim.uv.fs_stat(update.path)
    -- Reading a pipe or a device could block Neovim.
    if vim.uv.fs_lstat(update.path) and (not found or found.type ~= 'file') then
      notice.show(say('no_file_to_show', { path = update.path }), 'error')
      return
    end
    require('dingbridge.log').open(update.path)
  end,
  run = function(update)
    require('dingbridge.user_commands').run_here(update.name, update.argument)
  end,
}

for kind, name in pairs({ approval = 'add', approval_closed = 'close', choose_approval = 'choose' }) do
  handlers[kind] = function(update)
    require('dingbridge.approvals')[name](update)
  end
end

--- The updates that change windows.
local MOVES = { open = true, edit = true, closed = true, report = true, found = true, run = true }

--- Applies updates at once; those that change windows only after the user has left the command-line
--- window, where Neovim forbids it.
---@param update table
local function carry_out(update)
  local moves = MOVES[update.kind]
  if moves and vim.fn.getcmdwintype() ~= '' then
    vim.api.nvim_create_autocmd('CmdwinLeave', {
      once = true,
      callback = vim.schedule_wrap(function()
        carry_out(update)
      end),
    })
    return
  end
  -- An error in one update must not stop the next ones.
  local ok, err = pcall(handlers[update.kind], update)
  if not ok then
    notice.show(say('cannot_show', { what = update.kind, problem = err }), 'error')
  end
end

---@param updates table[]
function M.apply(updates)
  host.heard()
  bars.hold()
  for _, update in ipairs(updates) do
    carry_out(update)
  end
  if next(state.unread) then
    -- Before bars are drawn: what is on the screen is not new.
    require('dingbridge.unread').look()
  end
  bars.release()
end

local UNDER_WAY = { unsaved = true, queued = true, sending = true, retrying = true }

--- Handles the loss of the service: nothing is connected, and messages in progress wait for the next
--- one, which sends durable ones.
function M.service_gone()
  state.opened, state.service_gone, state.knows_outbox = 0, true, false
  local lost = {} ---@type string[] the accounts whose link stood
  if state.status then
    for _, account in ipairs(state.status.accounts) do
      lost[#lost + 1] = account.connected and account.account or nil
    end
    for _, one in ipairs({ state.status, unpack(state.status.accounts) }) do
      one.connected, one.link, one.queued = false, 'off', 0
      one.cool_down_until, one.cool_down = 0, ''
    end
  end
  transcript_updates.service_gone()
  for session in pairs(state.transcripts) do
    for _, message in ipairs(state.messages(session)) do
      if UNDER_WAY[message.delivery] then
        message.delivery, message.reason = 'queued', say('shows_later')
        chat_window.show_fate(session, message)
      end
    end
  end
  require('dingbridge.answering').update({})
  require('dingbridge.approvals').forget()
  bars.refresh()
  for _, account in ipairs(lost) do
    trigger('DingbridgeDisconnected', { account = account, reason = say('service_gone') })
  end
end

handlers.service_gone = M.service_gone

--- Handles the loss of the host, and with it of the service: restores texts that it did not accept.
function M.host_ended()
  M.service_gone()
  state.service_gone = false -- unknown until the next host has attached
  responder.forget()
  drafts.put_all_back()
  starting.give_up()
end

return M
