--- Takes what service and host send and brings tables, buffers and autocommands up to date.

local bars = require('dingbridge.bars')
local command_name = require('dingbridge.command_name')
local destination = require('dingbridge.destination')
local drafts = require('dingbridge.drafts')
local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local report = require('dingbridge.report')
local responder = require('dingbridge.responder')
local starting = require('dingbridge.starting')
local store = require('dingbridge.store')
local unconfirmed = require('dingbridge.unconfirmed')
local view = require('dingbridge.view')
local say = require('dingbridge.say')

local M = {}

--- Makes sentences of ours name the command that is ours.
---@param about table what they are about
---@param ... string their names
local function name_command(about, ...)
  for _, name in ipairs({ ... }) do
    about[name] = about[name] and command_name.shown(about[name])
  end
end

--- Events after which a message is on the disk. One that failed at once may not be: see `confirmed`.
local WRITTEN_DOWN = { DingbridgeQueued = true, DingbridgeDelivered = true }
local ENDS = { DingbridgeDelivered = true, DingbridgeFailed = true }

--- Triggers a `User` autocommand.
---@param name string
---@param data table
local function trigger(name, data)
  vim.api.nvim_exec_autocmds('User', { pattern = name, data = data, modeline = false })
end

---@param id string
---@param shown dingbridge.Message
---@param delivery string
---@param reason string
local function settle(id, shown, delivery, reason)
  if shown.delivery ~= delivery or shown.reason ~= reason then
    shown.delivery, shown.reason = delivery, reason
    view.show_fate(id, shown)
  end
end

--- Shows all of a message that was shown while its files were fetched.
---@param id string
---@param shown dingbridge.Message
---@param text string
local function complete(id, shown, text)
  local before = shown.text
  if shown.role == 'dingtalk' and text ~= before then
    shown.text = text
    view.show_text(id, shown, before)
  end
end

--- The messages of a list that are not shown yet: a service that is new here does not know what is.
--- Those that are may have been completed since.
---@param id string
---@param list dingbridge.Message[]
---@return dingbridge.Message[]
local function unshown(id, list)
  return vim.tbl_filter(function(message)
    local here = store.message(id, message.id)
    if here then
      complete(id, here, message.text)
    end
    return not here
  end, list)
end

--- Names our command in what was said of messages, and takes them for taken.
---@param list dingbridge.Message[]
local function take(list)
  for _, message in ipairs(list) do
    name_command(message, 'reason', message.role == 'notice' and 'text' or nil)
  end
  drafts.arrived(list)
end

---@param list dingbridge.Message[]
---@param message dingbridge.Message|nil
---@return integer|nil where the message stands in the list, which is looked for from its end
local function place_of(list, message)
  for place = message and #list or 0, 1, -1 do
    if list[place].id == message.id then
      return place
    end
  end
end

--- The end of a transcript as it should be shown: as on the disk, and then what was told since.
---@param update { id: string, list: dingbridge.Message[], since: string[] }
---@return dingbridge.Message[]
local function wanted_end(update)
  local wanted = {}
  for number, message in ipairs(update.list) do
    local here = store.message(update.id, message.id)
    if here then
      settle(update.id, here, message.delivery, message.reason)
      complete(update.id, here, message.text)
    end
    wanted[number] = here or message
  end
  for _, id in ipairs(update.since) do
    wanted[#wanted + 1] = store.message(update.id, id)
  end
  return wanted
end

--- The end of a transcript as it stands on the disk, which may be another one than is shown, or in
--- another order: what is out of place is taken out and added where it belongs. The rest stays.
---@param update { id: string, list: dingbridge.Message[], since: string[], more: boolean }
local function end_of(update)
  local id, wanted, here = update.id, wanted_end(update), store.messages(update.id)
  local first, begin = place_of(here, wanted[1]), 1
  if not first then
    first, begin = 1, place_of(wanted, here[1]) or here[1] and 0 or #wanted + 1
  end
  local out, number = {}, begin
  if not update.more then
    out = vim.list_slice(here, 1, first - 1) -- nothing stands above on the disk
  end
  for place = first, #here do
    if wanted[number] and wanted[number].id == here[place].id then
      number = number + 1
    else
      out[#out + 1] = here[place]
    end
  end
  local is_out, below = {}, vim.list_slice(wanted, number)
  for _, message in ipairs(out) do
    is_out[message.id] = true
  end
  for _, message in ipairs(below) do
    if not is_out[message.id] and store.message(id, message.id) then
      out[#out + 1] = message
    end
  end
  local is_other = begin == 0 or out[1] and not view.take_out(id, out)
  if is_other then
    store.transcripts[id] = nil
    begin, below = #update.list + 1, vim.list_slice(wanted, #update.list + 1)
  end
  store.add(id, below)
  store.add_above(id, vim.list_slice(wanted, 1, begin - 1), update.more)
  view.add(id, is_other)
end

---@type table<string, fun(update: table)>
local handlers = {
  host = function(update)
    host.greet(update.channel)
  end,
  configured = function(update)
    host.configured(update.revision)
  end,
  say = function(update)
    notice.show(update.text, update.level)
  end,
  report = function(update)
    report.show(update)
  end,
  sessions = function(update)
    store.sessions, store.unshown = update.list, update.current
    bars.refresh()
  end,
  open = function(update)
    store.opened = store.opened + 1
    store.current = update.id
    view.open(update.id)
  end,
  pick = function()
    -- The list waits for an answer; the updates after this one do not.
    vim.schedule(view.pick)
  end,
  closed = function(update)
    store.forget(update.id)
    view.close(update.id)
  end,
  messages = function(update)
    take(update.list)
    if update.reset then
      store.transcripts[update.id] = nil
    end
    local list = unshown(update.id, update.list)
    store.add(update.id, list)
    for _, message in ipairs(list) do
      if message.role == 'dingtalk' and not update.reset then
        destination.spoke(update.id, message)
      end
    end
    view.add(update.id, update.reset)
  end,
  ending = function(update)
    take(update.list)
    end_of(update)
  end,
  earlier = function(update)
    take(update.list)
    store.add_above(update.id, unshown(update.id, update.list), update.more)
    view.add(update.id, false)
  end,
  destinations = function(update)
    destination.update(update.id, update)
  end,
  move_draft = function(update)
    destination.move(update.id, update.destination)
  end,
  choose_destination = function(update)
    -- The list waits for an answer; the updates after this one do not.
    vim.schedule(function()
      destination.pick(update.id)
    end)
  end,
  fate = function(update)
    name_command(update, 'reason')
    local message = store.message(update.id, update.message)
    if message and (update.text or '') ~= '' then
      complete(update.id, message, update.text)
    elseif message then
      settle(update.id, message, update.delivery, update.reason)
    end
  end,
  send_draft = function(update)
    drafts.send(update.id)
  end,
  unsent = function(update)
    drafts.put_back(update.id)
    unconfirmed.refused(update.id)
  end,
  confirmed = function(update)
    unconfirmed.confirmed(update.id)
  end,
  leaving = function(update)
    host.leaves(update.word)
  end,
  service_gone = function()
    M.service_gone()
  end,
  service_back = function()
    store.service_gone = false
    host.hand_over()
    host.tell('working', { questions = responder.working() })
  end,
  status = function(update)
    local has_changed = not vim.deep_equal(store.outbox, update.outbox)
    store.outbox = update.outbox
    if has_changed then
      report.outbox_changed()
    end
    update.kind, update.outbox = nil, nil
    for _, one in ipairs({ update, unpack(update.accounts) }) do
      name_command(one, 'last_error', 'cool_down')
    end
    store.status = update
    bars.refresh()
  end,
  event = function(update)
    name_command(update.data, 'reason')
    if WRITTEN_DOWN[update.name] then
      unconfirmed.confirmed(update.data.id)
    end
    if ENDS[update.name] then
      unconfirmed.ended(update.data.id)
    end
    if update.name == 'DingbridgeQueued' then
      unconfirmed.queued(update.data)
    end
    trigger(update.name, update.data)
  end,
  respond = function(update)
    responder.ask(update)
  end,
  withdrawn = function(update)
    responder.withdraw(update.request)
  end,
  look = function(update)
    require('dingbridge.remote').answer(update)
  end,
  let_in = function(update)
    store.let_in[update.account] = { asking = update.asking, paired = update.paired }
  end,
  choose = function(update)
    require('dingbridge.pairing').choose(update.command, update.rows)
  end,
  edit = function(update)
    local found = vim.uv.fs_stat(update.path)
    -- Neovim would wait at a pipe, and read a device without end.
    if vim.uv.fs_lstat(update.path) and (not found or found.type ~= 'file') then
      notice.show(say('no_file_to_show', { path = update.path }), 'error')
      return
    end
    require('dingbridge.log').open(update.path)
  end,
  install = function(update)
    require('dingbridge.install').run(update.extras)
  end,
}

--- The updates that change windows.
local MOVES = { open = true, edit = true, closed = true, report = true }

--- Carries out what changes windows once the user has left the command-line window, where Neovim
--- allows no such thing; the rest at once.
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
  -- Whatever goes wrong with one update, the next ones are shown.
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
  bars.release()
end

local UNDER_WAY = { unsaved = true, queued = true, sending = true, retrying = true }

--- The service is gone: nothing is connected, and what was under way waits for the next one, which
--- sends what was written down.
function M.service_gone()
  store.opened, store.service_gone = 0, true
  local lost = {} ---@type string[] the accounts whose link stood
  if store.status then
    for _, account in ipairs(store.status.accounts) do
      lost[#lost + 1] = account.connected and account.account or nil
    end
    for _, one in ipairs({ store.status, unpack(store.status.accounts) }) do
      one.connected, one.link, one.queued = false, 'off', 0
      one.cool_down_until, one.cool_down = 0, ''
    end
  end
  for session in pairs(store.transcripts) do
    for _, message in ipairs(store.messages(session)) do
      if UNDER_WAY[message.delivery] then
        message.delivery, message.reason = 'queued', say('shows_later')
        view.show_fate(session, message)
      end
    end
  end
  bars.refresh()
  for _, account in ipairs(lost) do
    trigger('DingbridgeDisconnected', { account = account, reason = say('service_gone') })
  end
end

--- The host is gone, and the service with it for this editor: what it did not take is put back.
function M.host_ended()
  M.service_gone()
  store.service_gone = false -- of the next host it is known when it has one
  responder.forget()
  drafts.put_all_back()
  starting.give_up()
end

return M
