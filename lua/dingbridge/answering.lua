--- Shows which messages a responder is working on: at the message, with a moving sign while it is in a
--- window of the current tab page, and in the bar.

local bars = require('dingbridge.bars')
local say = require('dingbridge.say')

local M = {}

local namespace = vim.api.nvim_create_namespace('dingbridge_answering')

local FRAMES = { '⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧' }
local EVERY = 125 -- milliseconds for one frame

---@type table<string, table<string, true>> the messages by session
local asked = {}

---@type table<string, { buffer: integer, mark: integer }> the sign of each message
local shown = {}

local timer ---@type uv.uv_timer_t|nil
local frame = 0

--- Whether a responder is working on this message, or, without one, on any of the session.
---@param session string
---@param message? string its id
---@return boolean
function M.is_asked(session, message)
  local of_session = asked[session]
  return of_session ~= nil and (message == nil or of_session[message] ~= nil)
end

--- What the bar of a session says; empty while nothing is being answered.
---@param session string
---@return string
function M.bar(session)
  return asked[session] and ('%s %s'):format(FRAMES[frame % #FRAMES + 1], say('answering')) or ''
end

---@param message string
local function remove(message)
  local sign = shown[message]
  shown[message] = nil
  if sign and vim.api.nvim_buf_is_valid(sign.buffer) then
    vim.api.nvim_buf_del_extmark(sign.buffer, namespace, sign.mark)
  end
end

local function stop()
  if timer then
    timer:close()
    timer = nil
  end
end

--- Draws the next frame. Stops when no session in which something is being answered is in a window.
local function step()
  local message_place = require('dingbridge.message_place')
  local words = ('  %s %s'):format(FRAMES[frame % #FRAMES + 1], say('answering'))
  local any = false
  for session, messages in pairs(asked) do
    any = any or message_place.is_shown(session)
    for message in pairs(messages) do
      local row, buffer = message_place.of(session, message)
      if row and buffer then
        local sign = shown[message]
        local mark = vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, {
          id = sign and sign.buffer == buffer and sign.mark or nil,
          virt_text = { { words, 'DingbridgeAnswering' } },
        })
        shown[message] = { buffer = buffer, mark = mark }
      end
    end
  end
  frame = frame + 1
  bars.refresh()
  if not any then
    stop()
  end
end

--- Draws frames while there is something to show.
local function animate()
  if not timer and next(asked) then
    timer = assert(vim.uv.new_timer())
    timer:start(0, EVERY, vim.schedule_wrap(function()
      if timer then
        step()
      end
    end))
  end
end

--- Takes the messages that a responder is working on, instead of the earlier ones.
---@param list { session: string, message: string }[]
function M.update(list)
  if not next(asked) and not list[1] then
    return
  end
  asked = {}
  for _, one in ipairs(list) do
    asked[one.session] = asked[one.session] or {}
    asked[one.session][one.message] = true
  end
  for message in pairs(shown) do
    local is_asked = vim.iter(asked):any(function(_, messages)
      return messages[message]
    end)
    if not is_asked then
      remove(message)
    end
  end
  bars.refresh()
  if next(asked) then
    animate()
  else
    stop()
  end
end

-- A transcript that comes back into view shows it again.
vim.api.nvim_create_autocmd({ 'BufWinEnter', 'TabEnter' }, {
  group = vim.api.nvim_create_augroup('dingbridge_answering', {}),
  callback = animate,
})

return M
