--- Formats a message: its lines, its heading, and the sign of its delivery.

local say = require('dingbridge.say')
local turn_steps = require('dingbridge.turn_steps')
local wrap = require('dingbridge.wrap')

local M = {}

M.namespace = vim.api.nvim_create_namespace('dingbridge')
M.quiet_namespace = vim.api.nvim_create_namespace('dingbridge_headings')

local LONGEST_LINE = 2000 -- bytes; a longer one is wrapped, so that drawing it stays fast
local REASON_LINES = 4
local PIECE = 16000 -- bytes of a text that are shown at once
local LINE_END = 10

local LINKS = {
  DingbridgeEditor = 'Title', -- your name above your messages
  DingbridgeDingtalk = 'Special', -- names of people above their messages
  DingbridgeResponder = 'Identifier', -- name of a responder above its answers
  DingbridgeHeading = 'Comment', -- destination and time above a message
  DingbridgeNotice = 'Comment', -- notices in a transcript
  DingbridgeWaiting = 'Comment', -- `… not saved yet`, `… queued`, `… sending`, `↻ retrying`, `↶ recalled`, `kept here`
  DingbridgeSent = 'DiagnosticOk', -- `✓ sent`
  DingbridgeFailed = 'DiagnosticError', -- `✗ failed` and the reason
  DingbridgeDay = 'Comment', -- the day between messages of different days
  DingbridgeCode = 'CursorLine', -- shade of code blocks
  DingbridgeFrame = 'Comment', -- frame and language of code blocks, rule of tables
  DingbridgeAnswering = 'DiagnosticInfo', -- `answering …` at a message that a responder works on
  DingbridgeHint = 'Comment', -- the next steps in an empty transcript
  DingbridgeCommand = 'Special', -- commands and keys there
  DingbridgeInfo = 'NormalFloat', -- notices in the corner
  DingbridgeWarning = 'WarningMsg', -- warnings there
  DingbridgeError = 'ErrorMsg', -- errors there and in `:messages`
  DingbridgeTitle = 'Title', -- the title of a session or a report in its bar
  DingbridgeBar = 'Comment', -- the rest of a bar
  DingbridgeDestination = 'Title', -- the conversation in the bar of a draft
  DingbridgeElsewhere = 'WarningMsg', -- what the bar says of others who wrote meanwhile
  DingbridgeApproval = 'DiagnosticWarn', -- the title of a request for approval
  DingbridgeAdded = 'Added', -- lines that a diff adds, in its window
  DingbridgeRemoved = 'Removed', -- lines that it removes
  DingbridgeUnread = 'DiagnosticInfo', -- the line above unread messages, and their number in a bar
}

local ROLE = {
  editor = 'DingbridgeEditor',
  dingtalk = 'DingbridgeDingtalk',
  responder = 'DingbridgeResponder',
  notice = 'DingbridgeNotice',
}

local FATE = {
  unsaved = { 'fate_unsaved', 'DingbridgeWaiting' },
  queued = { 'fate_queued', 'DingbridgeWaiting' },
  sending = { 'fate_sending', 'DingbridgeWaiting' },
  retrying = { 'fate_retrying', 'DingbridgeWaiting' },
  sent = { 'fate_sent', 'DingbridgeSent' },
  failed = { 'fate_failed', 'DingbridgeFailed' },
  recalled = { 'fate_recalled', 'DingbridgeWaiting' },
}

-- In front of a heading, left of where texts begin: no message can look like the heading of another.
local SIGN = '▎'

local HERE = { 'fate_here', 'DingbridgeWaiting' }

--- Whether a message was written in the editor and not sent to DingTalk.
---@param message dingbridge.Message
---@return boolean
function M.is_kept_here(message)
  return message.role == 'editor' and message.delivery == '' and message.target == ''
end

for group, link in pairs(LINKS) do
  vim.api.nvim_set_hl(0, group, { link = link, default = true })
end

--- Text on one line, without invalid bytes.
---@param text string
---@return string
function M.one_line(text)
  return (text:gsub('%c+', ' '))
end

---@param lines string[] where the line is added, in pieces when it is too long
---@param line string
local function add_line(lines, line)
  local from = 1
  while #line - from >= LONGEST_LINE do
    local next_from = from + LONGEST_LINE
    next_from = next_from + vim.str_utf_start(line, next_from)
    lines[#lines + 1] = line:sub(from, next_from - 1)
    from = next_from
  end
  lines[#lines + 1] = from == 1 and line or line:sub(from)
end

--- The end of the piece of a text that begins at a byte: after its last complete line.
---@param text string
---@param from integer
---@return integer last byte of the piece, without the end of its last line
---@return integer|nil from where the next piece begins, if there is one
local function piece(text, from)
  if #text - from < PIECE then
    return #text
  end
  local last = from + PIECE
  for at = last, from, -1 do
    if text:byte(at) == LINE_END then
      return at - 1, at + 1
    end
  end
  last = last + vim.str_utf_start(text, last)
  return last - 1, last
end

--- The lines of a text, at least one.
---@param text string
---@return string[]
function M.text_lines(text)
  local lines = {}
  for line in vim.gsplit(text:gsub('%z', ''), '\n', { plain = true }) do
    add_line(lines, line)
  end
  return lines
end

--- The bytes of a message's author in its heading, without the group in which it was written.
---@param message dingbridge.Message
---@return integer
local function author_size(message)
  local author = M.one_line(message.author)
  local name = message.role == 'dingtalk' and author:match('^(.*%S) · ') or author
  return #name
end

---@param message dingbridge.Message
---@return string
local function heading_of(message)
  local heading = M.one_line(message.author)
  if message.role ~= 'dingtalk' and message.target_name ~= '' then
    heading = ('%s → %s'):format(heading, M.one_line(message.target_name))
  end
  return ('%s · %s'):format(heading, os.date('%H:%M', math.floor(message.time)))
end

--- The lines of a message, or of a piece of a long one; the first is its heading.
---@param message dingbridge.Message
---@param from? integer byte of the text at which the next piece begins
---@return string[]
---@return integer|nil from where the piece after it begins
function M.lines(message, from)
  local lines = {}
  if not from then
    lines = vim.list_extend({ heading_of(message) }, turn_steps.lines(message.steps))
  end
  local last, next_from = piece(message.text, from or 1)
  vim.list_extend(lines, M.text_lines(message.text:sub(from or 1, last)))
  if not next_from then
    lines[#lines + 1] = ''
  end
  return lines, next_from
end

--- The decoration of a message's heading, with the sign of its delivery state.
---@param message dingbridge.Message
---@param width integer columns there are
---@param mark? integer the mark to replace
---@param behind? string what else stands behind the heading
---@return vim.api.keyset.set_extmark
function M.heading(message, width, mark, behind)
  local decoration = {
    id = mark,
    end_col = author_size(message),
    hl_group = ROLE[message.role],
    sign_text = SIGN,
    sign_hl_group = ROLE[message.role],
    virt_text_pos = 'right_align',
    undo_restore = false,
    strict = false,
  }
  local fate = FATE[message.delivery] or M.is_kept_here(message) and HERE
  if fate then
    local words = say(fate[1])
    local below = {}
    if message.delivery == 'sending' and message.reason ~= '' then
      words = words .. ' ' .. message.reason
    elseif message.reason ~= '' then
      below = wrap.lines(message.reason, math.max(10, width - 2), REASON_LINES)
    end
    local whole = behind and behind ~= '' and ('%s %s'):format(heading_of(message), behind) or heading_of(message)
    if vim.api.nvim_strwidth(whole .. '  ' .. words) < width then
      decoration.virt_text = { { words .. ' ', fate[2] } }
    else
      table.insert(below, 1, words) -- it would hide the time or the day
    end
    decoration.virt_lines = below[1] and vim.tbl_map(function(line)
      return { { '  ' .. line, fate[2] } }
    end, below) or nil
  end
  return decoration
end

--- The decoration of what follows the author in a heading.
---@param message dingbridge.Message
---@param row integer of the heading
---@return integer column
---@return vim.api.keyset.set_extmark
function M.quiet_part(message, row)
  return author_size(message),
    {
      end_row = row + 1,
      end_col = 0,
      hl_group = 'DingbridgeHeading',
      undo_restore = false,
      invalidate = true,
      strict = false,
    }
end

return M
