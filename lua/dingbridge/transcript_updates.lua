--- Applies the service's updates of transcripts to the tables in Lua.

local command_name = require('dingbridge.command_name')
local destination = require('dingbridge.destination')
local drafts = require('dingbridge.drafts')
local state = require('dingbridge.state')
local chat_window = require('dingbridge.chat_window')

local M = {}

--- Shows the delivery state of a message. A recalled one stays recalled.
---@param id string
---@param shown dingbridge.Message
---@param delivery string
---@param reason string
function M.settle(id, shown, delivery, reason)
  if shown.delivery ~= 'recalled' and (shown.delivery ~= delivery or shown.reason ~= reason) then
    shown.delivery, shown.reason = delivery, reason
    chat_window.show_fate(id, shown)
  end
end

--- Shows a message with this text: the complete one once its files are downloaded, or that on disk.
---@param id string
---@param shown dingbridge.Message
---@param text string
function M.complete(id, shown, text)
  local before = shown.text
  if text ~= before then
    shown.text = text
    chat_window.show_text(id, shown, before)
  end
end

--- The messages of a list that are not shown yet, which a new service does not know. Updates the shown
--- ones.
---@param id string
---@param list dingbridge.Message[]
---@return dingbridge.Message[]
function M.unshown(id, list)
  return vim.tbl_filter(function(message)
    local here = state.message(id, message.id)
    -- Of a message of the editor that is handed over again, what was written first counts.
    if here and here.role == 'dingtalk' then
      M.complete(id, here, message.text)
    end
    return not here
  end, list)
end

--- Names our command in the reasons of messages, and marks the messages as accepted.
---@param list dingbridge.Message[]
function M.take(list)
  for _, message in ipairs(list) do
    command_name.name_in(message, 'reason', message.role == 'notice' and 'text' or nil)
  end
  drafts.arrived(list)
end

--- The module of agents' answers, once there was one.
---@return table|nil
local function live_turns()
  return package.loaded['dingbridge.live_turns']
end

--- Adds new messages to a transcript, or begins it anew with them.
---@param update { id: string, list: dingbridge.Message[], reset: boolean }
function M.add(update)
  local id = update.id
  M.take(update.list)
  if update.reset then
    state.transcripts[id] = nil
  end
  local list = M.unshown(id, update.list)
  local put_back = list[1] and live_turns() and live_turns().lift(id)
  state.add(id, list)
  for _, message in ipairs(list) do
    if message.role == 'dingtalk' and not update.reset then
      destination.spoke(id, message)
    end
  end
  chat_window.add(id, update.reset)
  if put_back then
    put_back()
  end
end

--- Forgets the transcript of a session that is gone.
---@param id string
function M.forget(id)
  if live_turns() then
    live_turns().forget(id)
  end
  state.forget(id)
end

--- Takes the answers out that the service was working on.
function M.service_gone()
  if live_turns() then
    live_turns().service_gone()
  end
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

--- The end of a transcript to show: as on disk, then later messages.
---@param update { id: string, list: dingbridge.Message[], since: string[] }
---@return dingbridge.Message[]
local function wanted_end(update)
  local wanted = {}
  for number, message in ipairs(update.list) do
    local here = state.message(update.id, message.id)
    if here then
      M.settle(update.id, here, message.delivery, message.reason)
      M.complete(update.id, here, message.text)
    end
    wanted[number] = here or message
  end
  for _, id in ipairs(update.since) do
    wanted[#wanted + 1] = state.message(update.id, id)
  end
  return wanted
end

--- Applies the end of a transcript on disk, which may differ from the shown one, also in its order:
--- moves messages that are out of place, and keeps the rest.
---@param update { id: string, list: dingbridge.Message[], since: string[], more: boolean }
function M.merge_end(update)
  local id, wanted, here = update.id, wanted_end(update), state.messages(update.id)
  local first, begin = place_of(here, wanted[1]), 1
  if not first then
    first, begin = 1, place_of(wanted, here[1]) or here[1] and 0 or #wanted + 1
  end
  local out, number = {}, begin
  if not update.more then
    out = vim.list_slice(here, 1, first - 1) -- there is nothing above on disk
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
    if not is_out[message.id] and state.message(id, message.id) then
      out[#out + 1] = message
    end
  end
  local is_other = begin == 0 or out[1] and not chat_window.take_out(id, out)
  if is_other then
    state.transcripts[id] = nil
    begin, below = #update.list + 1, vim.list_slice(wanted, #update.list + 1)
  end
  state.add(id, below)
  state.add_above(id, vim.list_slice(wanted, 1, begin - 1), update.more)
  chat_window.add(id, is_other)
end

return M
