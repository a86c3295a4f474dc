--- Lets the user choose a session: title, time of the last message, what is new, its first words.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local MARGIN = 8 -- columns that the list itself may need, for a number or a border
local WIDEST = 100 -- columns of an entry
local TITLE = 0.4 -- of an entry, at most
local LEAST_WORDS = 4 -- columns; with less, the last message is left out

---@class dingbridge.Latest
---@field session string
---@field author string
---@field text string first words
---@field time number Unix seconds

---@class dingbridge.SessionEntry
---@field session dingbridge.Session
---@field title string
---@field time number of the last message, or when the session began
---@field words string beginning of the last message, after its author unless that is the title

--- Text in a number of columns: shortened with an ellipsis, or filled with blanks.
---@param text string
---@param columns integer
---@return string
local function fit(text, columns)
  local width = vim.api.nvim_strwidth(text)
  if width > columns then
    text = vim.fn.strcharpart(text, 0, columns)
    while vim.api.nvim_strwidth(text) >= columns and text ~= '' do
      text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
    end
    text = text .. '…'
    width = vim.api.nvim_strwidth(text)
  end
  return text .. (' '):rep(columns - width)
end

---@param latest dingbridge.Latest[]
---@return dingbridge.SessionEntry[] the latest first
local function entries(latest)
  local by_session = {} ---@type table<string, dingbridge.Latest>
  for _, one in ipairs(latest) do
    by_session[one.session] = one
  end
  local found = {} ---@type dingbridge.SessionEntry[]
  for _, session in ipairs(state.sessions) do
    local last = by_session[session.id]
    local words = last and last.text or ''
    if last and last.author ~= session.title then
      words = say('arrived', { who = last.author, text = words })
    end
    found[#found + 1] = {
      session = session,
      title = message_format.one_line(session.title),
      time = last and last.time or session.created,
      words = message_format.one_line(words),
    }
  end
  local place = {}
  for number, entry in ipairs(found) do
    place[entry] = number
  end
  table.sort(found, function(one, other)
    if one.time ~= other.time then
      return one.time > other.time
    end
    return place[one] < place[other]
  end)
  return found
end

--- When something happened. Where another session has the same title, day and time tell them apart.
---@param time number
---@param is_alike boolean
---@return string
local function clock(time, is_alike)
  local second = math.floor(time)
  local now = os.date('*t')
  local form = '%Y-%m-%d'
  if os.date('%Y-%m-%d', second) == os.date('%Y-%m-%d') then
    form = '%H:%M'
  elseif os.date('*t', second).year == now.year then
    form = '%m-%d'
  end
  if is_alike and form ~= '%H:%M' then
    form = form .. ' %H:%M'
  end
  return tostring(os.date(form, second))
end

--- The entries as lines of equal columns.
---@param all dingbridge.SessionEntry[]
---@param width integer columns
---@return table<dingbridge.SessionEntry, string>
local function lines(all, width)
  local count, titles, times = {}, 0, 0 ---@type table<string, integer>, integer, integer
  for _, entry in ipairs(all) do
    count[entry.title] = (count[entry.title] or 0) + 1
    titles = math.max(titles, vim.api.nvim_strwidth(entry.title))
  end
  for _, entry in ipairs(all) do
    times = math.max(times, #clock(entry.time, count[entry.title] > 1))
  end
  titles = math.min(titles, math.floor(width * TITLE))
  local shown = {}
  for _, entry in ipairs(all) do
    local unread = state.count_unread(entry.session.id)
    local parts = {
      fit(entry.title, titles),
      fit(clock(entry.time, count[entry.title] > 1), times),
      unread > 0 and say('unread_new', { count = unread }) or nil,
    }
    parts[#parts + 1] = entry.session.bound and say('bar_dingtalk') or nil
    local line = table.concat(parts, '  ')
    local room = width - vim.api.nvim_strwidth(line) - 2
    if entry.words ~= '' and room >= LEAST_WORDS then
      line = line .. '  ' .. fit(entry.words, room)
    end
    shown[entry] = vim.trim(fit(line, width))
  end
  return shown
end

--- Lets the user choose a session.
---@param latest dingbridge.Latest[] the last message of each session that has one
function M.pick(latest)
  if #state.sessions == 0 then
    require('dingbridge.notice').show(say('no_session'))
    return
  end
  local all = entries(latest)
  local shown = lines(all, math.min(WIDEST, vim.o.columns - MARGIN))
  vim.ui.select(all, {
    prompt = say('sessions'),
    kind = 'dingbridge_session',
    format_item = function(entry)
      return shown[entry]
    end,
  }, function(entry)
    if entry then
      require('dingbridge.host').tell('open', { session = entry.session.id })
    end
  end)
end

return M
