--- Quotes a message in the draft of its session, which goes to the message's conversation.

local destination = require('dingbridge.destination')
local drafts = require('dingbridge.drafts')
local nick = require('dingbridge.nick')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local cut = require('dingbridge.wrap').cut

local M = {}

local MOST_LINES = 6 -- of the quoted text; people know what they have written
local LONGEST_LINE = 500 -- columns
local FENCE = '^%s*(```+)'
local MARKED = '^%s*[`|#*+~%d%-]' -- the beginning of what is not plain words in Markdown

--- A name in which nothing is Markdown.
---@param name string
---@return string
local function plain(name)
  return (nick(name):gsub('[\\`*_%[%]<>#~]', '\\%0'))
end

--- The lines of a text without the quote that it begins with, at most `MOST_LINES`.
---@param text string
---@return string[]
local function shortened(text)
  local lines, fence = {}, nil ---@type string[], string|nil
  local is_own = false
  for line in vim.gsplit(text:gsub('%z', ''), '\n', { plain = true }) do
    is_own = is_own or not (line:find('^%s*>') or line:find('^%s*$'))
    if is_own and #lines == MOST_LINES then
      lines[#lines + 1] = fence -- or the rest would be code
      lines[#lines + 1] = '…'
      break
    elseif is_own then
      lines[#lines + 1] = cut(line, LONGEST_LINE)
      local found = line:match(FENCE)
      if found then
        fence = not fence and found or nil
      end
    end
  end
  while lines[1] and lines[#lines]:find('^%s*$') do
    lines[#lines] = nil
  end
  return lines
end

--- A message as a quote in Markdown, which DingTalk shows as one. Names its author, unless it is the
--- user.
---@param message dingbridge.Message
---@return string[]
function M.lines(message)
  local lines = shortened(message.text)
  if message.role ~= 'editor' then
    -- A table, list or block of code stands apart from the line above it.
    if (lines[1] or ''):find(MARKED) then
      table.insert(lines, 1, '')
    end
    table.insert(lines, 1, say('quoted_author', { author = plain(message.author) }))
  end
  return vim.tbl_map(function(line)
    return (('> ' .. line):gsub('%s+$', ''))
  end, lines)
end

--- Puts the quote at the end of the draft, and the cursor below it. Says when that moves the draft.
---@param session string
---@param message dingbridge.Message
function M.quote(session, message)
  if message.target ~= '' then
    local to = { target = message.target, name = message.target_name, robot = message.robot }
    local before = destination.move_with_change(session, to)
    if before then
      notice.show(say('reply_moves_draft', { before = before.name, name = to.name }), 'warn')
    end
  end
  drafts.append(session, vim.list_extend(M.lines(message), { '', '' }))
  require('dingbridge.chat_focus').write(session, true)
end

return M
