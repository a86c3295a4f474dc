--- What the window of the notices says, in as many rows as it has.

local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

require('dingbridge.message_format') -- defines the highlight groups

local M = {}

local ERROR = vim.log.levels.ERROR

local HIGHLIGHT = {
  [vim.log.levels.INFO] = 'DingbridgeInfo',
  [vim.log.levels.WARN] = 'DingbridgeWarning',
  [ERROR] = 'DingbridgeError',
}

local namespace = vim.api.nvim_create_namespace('dingbridge_notice')

---@class dingbridge.CornerNotice
---@field text string
---@field lines string[]
---@field level integer
---@field is_due? boolean whether its time is over
---@field is_seen? boolean whether the user has pressed a key since

--- The rows and columns that notices take.
---@param notices dingbridge.CornerNotice[]
---@return integer rows
---@return integer width
---@return boolean has_error
function M.size(notices)
  local rows, width, has_error = 0, 0, false
  for _, each in ipairs(notices) do
    rows = rows + #each.lines
    for _, line in ipairs(each.lines) do
      width = math.max(width, vim.api.nvim_strwidth(line) + 1)
    end
    has_error = has_error or each.level == ERROR
  end
  return rows, width, has_error
end

--- The notices that fit into that many rows: the newest ones, and if there is room for none of them,
--- the beginning of the newest.
---@param notices dingbridge.CornerNotice[]
---@param rows integer
---@return dingbridge.CornerNotice[]
function M.fitting(notices, rows)
  local found = {}
  for number = #notices, 1, -1 do
    local each = notices[number]
    if #each.lines > rows and not found[1] then
      local lines = vim.list_slice(each.lines, 1, rows)
      lines[rows] = wrap.cut(lines[rows] .. ' …', vim.api.nvim_strwidth(lines[rows]))
      return { { text = each.text, lines = lines, level = each.level } }
    elseif #each.lines > rows then
      break
    end
    table.insert(found, 1, each)
    rows = rows - #each.lines
  end
  return found
end

--- The newest notice as one line, which says where the rest is if it is not all.
---@param notices dingbridge.CornerNotice[]
---@return dingbridge.CornerNotice
function M.as_line(notices)
  local newest, room = notices[#notices], vim.o.columns - 2
  local words = ' ' .. newest.text:gsub('%s+', ' ')
  if #notices > 1 or vim.api.nvim_strwidth(words) > room then
    local behind = ' · ' .. say('footer_messages')
    words = wrap.cut(words, math.max(1, room - vim.api.nvim_strwidth(behind))) .. behind
  end
  return { text = newest.text, lines = { words .. ' ' }, level = newest.level }
end

--- Puts the lines of notices into a buffer.
---@param buffer integer
---@param shown dingbridge.CornerNotice[]
function M.fill(buffer, shown)
  local rows = 0
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  for _, each in ipairs(shown) do
    vim.api.nvim_buf_set_lines(buffer, rows, -1, false, each.lines)
    vim.api.nvim_buf_set_extmark(buffer, namespace, rows, 0, {
      end_row = rows + #each.lines,
      hl_group = HIGHLIGHT[each.level],
      hl_eol = true,
      strict = false,
    })
    rows = rows + #each.lines
  end
end

return M
