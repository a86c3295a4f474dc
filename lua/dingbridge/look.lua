--- How a chat looks: highlighting, the line above a message, and the sign of its fate.

local M = {}

M.namespace = vim.api.nvim_create_namespace('dingbridge')

local LONGEST_LINE = 2000 -- bytes; a longer one is wrapped, so that drawing it stays fast

local LINKS = {
  DingbridgeEditor = 'Title',
  DingbridgeDingtalk = 'Special',
  DingbridgeResponder = 'Identifier',
  DingbridgeNotice = 'Comment',
  DingbridgeWaiting = 'Comment',
  DingbridgeSent = 'DiagnosticOk',
  DingbridgeFailed = 'DiagnosticError',
}

local ROLE = {
  editor = 'DingbridgeEditor',
  dingtalk = 'DingbridgeDingtalk',
  responder = 'DingbridgeResponder',
  notice = 'DingbridgeNotice',
}

local FATE = {
  queued = { '… queued', 'DingbridgeWaiting' },
  sending = { '… sending', 'DingbridgeWaiting' },
  retrying = { '↻ retrying', 'DingbridgeWaiting' },
  sent = { '✓ sent', 'DingbridgeSent' },
  failed = { '✗ failed', 'DingbridgeFailed' },
}

for group, link in pairs(LINKS) do
  vim.api.nvim_set_hl(0, group, { link = link, default = true })
end

--- Markdown highlighting without the filetype, whose plugins are meant for files.
---@param buffer integer
function M.markdown(buffer)
  if not vim.treesitter.language.add('markdown') then
    vim.bo[buffer].syntax = 'markdown'
    return
  end
  vim.treesitter.start(buffer, 'markdown')
end

---@param time number
---@return string
local function clock(time)
  local second = math.floor(time)
  local today = os.date('%Y-%m-%d') == os.date('%Y-%m-%d', second)
  return tostring(os.date(today and '%H:%M' or '%Y-%m-%d %H:%M', second))
end

--- The lines of a message; the first one is its heading.
---@param message dingbridge.Message
---@return string[]
function M.lines(message)
  local lines = { ('### %s · %s'):format(message.author, clock(message.time)), '' }
  for line in vim.gsplit(message.text:gsub('%z', ''), '\n', { plain = true }) do
    while #line > LONGEST_LINE do
      local cut = LONGEST_LINE + vim.str_utf_start(line, LONGEST_LINE + 1)
      lines[#lines + 1] = line:sub(1, cut)
      line = line:sub(cut + 1)
    end
    lines[#lines + 1] = line
  end
  lines[#lines + 1] = ''
  return lines
end

--- The decoration of a message's heading, which carries the sign of its fate.
---@param message dingbridge.Message
---@param mark? integer the mark to replace
---@return vim.api.keyset.set_extmark
function M.heading(message, mark)
  local decoration = {
    id = mark,
    line_hl_group = ROLE[message.role],
    virt_text_pos = 'right_align',
    undo_restore = false,
  }
  local fate = FATE[message.delivery]
  if fate then
    local words = fate[1]
    if message.delivery == 'sending' and message.reason ~= '' then
      words = words .. ' ' .. message.reason
    elseif message.reason ~= '' then
      decoration.virt_lines = { { { '  ' .. message.reason, fate[2] } } }
    end
    decoration.virt_text = { { words .. ' ', fate[2] } }
  end
  return decoration
end

return M
