--- Takes what the host sends and brings tables, buffers and autocommands up to date.

local drafts = require('dingbridge.drafts')
local host = require('dingbridge.host')
local notice = require('dingbridge.notice')
local responder = require('dingbridge.responder')
local store = require('dingbridge.store')
local view = require('dingbridge.view')

local M = {}

---@param name string
---@param data table
local function announce(name, data)
  -- A mistake in somebody's autocommand must not keep the rest of the update away.
  local ok, err = pcall(vim.api.nvim_exec_autocmds, 'User', {
    pattern = name,
    data = data,
    modeline = false,
  })
  if not ok then
    notice.show(('an autocommand for %s failed: %s'):format(name, err), 'error')
  end
end

---@type table<string, fun(update: table)>
local handlers = {
  host = function(update)
    host.greet(update.channel, update.path)
  end,
  say = function(update)
    notice.show(update.text, update.level)
  end,
  sessions = function(update)
    store.sessions = update.list
    view.refresh_bars()
  end,
  open = function(update)
    store.current = update.id
    view.open(update.id)
  end,
  pick = function()
    view.pick()
  end,
  closed = function(update)
    store.forget(update.id)
    view.close(update.id)
  end,
  messages = function(update)
    store.add(update.id, update.list, update.reset)
    drafts.arrived(update.list)
    view.add(update.id, update.list, update.reset)
  end,
  fate = function(update)
    local message = store.messages[update.message]
    if message then
      message.delivery, message.reason = update.delivery, update.reason
      view.show_fate(update.id, message)
    end
  end,
  send_draft = function(update)
    drafts.send(update.id)
  end,
  unsent = function(update)
    drafts.put_back(update.id)
  end,
  status = function(update)
    update.kind = nil
    store.status = update
    view.refresh_bars()
  end,
  event = function(update)
    announce(update.name, update.data)
  end,
  respond = function(update)
    responder.ask(update)
  end,
  edit = function(update)
    vim.cmd.tabedit(vim.fn.fnameescape(update.path))
  end,
}

---@param updates table[]
function M.apply(updates)
  for _, update in ipairs(updates) do
    handlers[update.kind](update)
  end
end

--- The host is gone: nothing is connected, and what it did not take is put back.
function M.host_ended()
  if store.status then
    store.status.connected = false
    store.status.link = 'off'
    store.status.queued = 0
  end
  drafts.put_all_back()
  view.forget_all()
end

return M
