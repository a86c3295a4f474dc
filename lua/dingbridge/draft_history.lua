--- Brings texts that were sent from a session back into its draft, the latest first.

local drafts = require('dingbridge.drafts')
local state = require('dingbridge.state')

local M = {}

---@class dingbridge.SentText
---@field number integer from the latest
---@field text string

---@type table<string, dingbridge.SentText> by session: what its draft was given last
local given = {}

--- Whether a text was typed, and is not the line of a file.
---@param message dingbridge.Message
---@return boolean
local function is_typed(message)
  return message.role == 'editor' and message.text ~= '' and not message.text:find('^%[file: [^\n]*%]$')
end

--- A text that the user has sent in a session, by its number from the latest. Repeated ones count once.
---@param session string
---@param number integer
---@return string|nil
local function sent(session, number)
  local transcript = state.transcripts[session]
  if not transcript then
    return nil
  end
  local count, latest = 0, nil
  for part = 0, #transcript.above do
    local messages = part == 0 and transcript.list or transcript.above[part]
    for place = #messages, 1, -1 do
      local message = messages[place]
      if is_typed(message) and message.text ~= latest then
        count, latest = count + 1, message.text
        if count == number then
          return latest
        end
      end
    end
  end
end

--- Whether the cursor is on the edge of the text to which the key leads.
---@param direction 1|-1 to earlier texts, or to later ones
---@return boolean
local function is_at_edge(direction)
  local row = vim.api.nvim_win_get_cursor(0)[1]
  return row == (direction > 0 and 1 or vim.api.nvim_buf_line_count(0))
end

--- Replaces an empty draft, or a text that this has brought back, by the text before or after it.
---@param session string
---@param direction 1|-1 to earlier texts, or to later ones
---@return boolean done false if the draft has another text, or the cursor can move inside of it
function M.step(session, direction)
  local text, before = drafts.text(session), given[session]
  local is_empty = text == ''
  local is_given = before ~= nil and before.text == text
  if vim.fn.pumvisible() == 1 or not (is_empty or is_given) or not is_at_edge(direction) then
    return false
  end
  local number = (is_empty and 0 or before.number) + direction
  local found = number == 0 and '' or number > 0 and sent(session, number) or nil
  if not found then
    return not is_empty
  end
  given[session] = { number = number, text = found:match('^.*%S') or '' }
  local lines = vim.split(given[session].text, '\n', { plain = true })
  drafts.replace(session, lines)
  local row = direction > 0 and 1 or #lines
  vim.api.nvim_win_set_cursor(0, { row, #lines[row] })
  return true
end

return M
