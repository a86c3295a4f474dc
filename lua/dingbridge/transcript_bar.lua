--- The bar above a transcript: the title, what is new, and the state of the link.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')
local state = require('dingbridge.state')

local M = {}

local LEAST_TITLE = 12 -- columns that a bar leaves for the title, and between its parts

--- Text escaped for a status line.
---@param text string
---@return string
local function as_text(text)
  return (message_format.one_line(text):gsub('%%', '%%%%'))
end

--- The account that a session is bound to.
---@param session string
---@return dingbridge.AccountStatus|nil
local function account_of(session)
  for _, account in ipairs(state.status and state.status.accounts or {}) do
    if account.session == session then
      return account
    end
  end
end

--- The state of the link for the bar above a transcript.
---@param session string
---@return string
local function link_of(session)
  local account, status = account_of(session), require('dingbridge').status()
  if not account then
    return status.mode ~= 'off' and say('not_bound') or ''
  elseif account.account == status.account then
    return require('dingbridge.status_line').link()
  end
  local robot = say('bar_dingtalk_account', { name = account.account })
  return ('%s %s'):format(robot, account.connected and '●' or '○')
end

--- The bar above the transcript of a session, in the current window.
---@param session dingbridge.Session
---@return string
function M.text(session)
  local link, answering = link_of(session.id), require('dingbridge.answering').bar(session.id)
  if answering ~= '' then
    link = ('%s  %s'):format(answering, link)
  end
  local unread = ''
  if next(state.unread) then
    local words = require('dingbridge.unread').words
    local room = vim.api.nvim_win_get_width(0) - LEAST_TITLE
    unread = words(session.id, room - vim.api.nvim_strwidth('· ' .. link), 'G')
    if unread == '' then
      unread = words(session.id, room, 'G') -- in a very narrow window instead of the link
      link = unread == '' and link or ''
    end
  end
  local line = ('%%#DingbridgeTitle#  %%<%s %%='):format(as_text(session.title))
  if unread ~= '' then
    line = ('%s%%#DingbridgeUnread#%s '):format(line, as_text(unread))
    link = link ~= '' and '· ' .. link or ''
  end
  return ('%s%%#DingbridgeBar#%s '):format(line, as_text(link))
end

return M
