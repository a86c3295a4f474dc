--- Lists the keys of the chat in a small window, from their declarations.

local declared = require('dingbridge.generated_chat').keys
local keys = require('dingbridge.keys')
local language = require('dingbridge.language')
local say = require('dingbridge.say')
local wrap = require('dingbridge.wrap')

local M = {}

local WIDEST = 72 -- columns
local NARROWEST = 20 -- columns of a meaning
local WIDE_KEYS = 8 -- columns of keys beside their meaning, in a window narrower than that below
local NARROW = 48 -- columns
local MARGIN = 4 -- columns and rows beside the window
local GAP = 2 -- columns between a key and its meaning

---@class dingbridge.KeyRow
---@field key string
---@field meaning string

---@param heading string name of a sentence
---@param wanted fun(key: dingbridge.Key): boolean
---@return { heading: string, rows: dingbridge.KeyRow[] }
local function section(heading, wanted)
  local rows = {}
  for _, key in ipairs(vim.tbl_filter(wanted, declared)) do
    local pressed = keys.of(key)
    if pressed[1] then
      rows[#rows + 1] = {
        key = table.concat(pressed, ' '),
        meaning = language.phrase('keys', key.name, key.meaning),
      }
    end
  end
  return { heading = say(heading), rows = rows }
end

---@param key dingbridge.Key
---@return boolean
local function is_of_both(key)
  return #key.buffers == 2
end

---@param part dingbridge.Part
---@return fun(key: dingbridge.Key): boolean
local function only_in(part)
  return function(key)
    return #key.buffers == 1 and key.buffers[1] == part
  end
end

---@return { heading: string, rows: dingbridge.KeyRow[] }[]
local function sections()
  local draft = section('keys_of_draft', only_in('draft'))
  local send = require('dingbridge').send_key()
  table.insert(draft.rows, 1, { key = send and ':w ' .. send or ':w', meaning = say('key_send') })
  return { section('keys_of_both', is_of_both), section('keys_of_transcript', only_in('transcript')), draft }
end

--- The lines of the list, and the numbers of the headings among them.
---@param width integer columns
---@return string[] lines
---@return integer[] headings zero-based
local function lines_of(width)
  local all, widest = sections(), 0
  for _, one in ipairs(all) do
    for _, row in ipairs(one.rows) do
      widest = math.max(widest, vim.api.nvim_strwidth(row.key))
    end
  end
  -- Where there is little room, the meaning of longer ones stands below them.
  widest = width < NARROW and math.min(widest, WIDE_KEYS) or widest
  local column = widest + 2 * GAP
  local lines, headings = {}, {}
  for _, one in ipairs(all) do
    headings[#headings + 1] = #lines
    lines[#lines + 1] = one.heading
    for _, row in ipairs(one.rows) do
      local meaning = wrap.lines(row.meaning, math.max(NARROWEST, width - column))
      for number, line in ipairs(meaning) do
        local before = number == 1 and (' '):rep(GAP) .. row.key or ''
        if vim.api.nvim_strwidth(before) >= column then
          lines[#lines + 1], before = before, ''
        end
        lines[#lines + 1] = before .. (' '):rep(column - vim.api.nvim_strwidth(before)) .. line
      end
    end
    lines[#lines + 1] = ''
  end
  lines[#lines + 1] = say('keys_help')
  return lines, headings
end

---@param buffer integer
---@param window integer
local function close_when_left(buffer, window)
  local function close()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  for _, key in ipairs({ 'q', '<Esc>', 'g?' }) do
    vim.keymap.set('n', key, close, { buffer = buffer, nowait = true, desc = say('key_close') })
  end
  vim.api.nvim_create_autocmd('WinLeave', { buffer = buffer, once = true, callback = vim.schedule_wrap(close) })
  vim.api.nvim_create_autocmd('VimResized', {
    buffer = buffer,
    once = true,
    callback = vim.schedule_wrap(function()
      close()
      M.show()
    end),
  })
end

--- Shows the list in the middle of the screen.
function M.show()
  local width = math.min(WIDEST, vim.o.columns - MARGIN)
  local lines, headings = lines_of(width)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'dingbridge-report'
  local namespace = vim.api.nvim_create_namespace('dingbridge_keys')
  for _, row in ipairs(headings) do
    vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, { line_hl_group = 'DingbridgeTitle' })
  end
  vim.api.nvim_buf_set_extmark(buffer, namespace, #lines - 1, 0, { line_hl_group = 'DingbridgeBar' })
  local height = math.max(1, math.min(#lines, vim.o.lines - MARGIN))
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = 'editor',
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
    style = 'minimal',
    border = 'rounded',
    title = (' %s '):format(say('title_keys')),
    title_pos = 'center',
    footer = height < #lines and (' %s '):format(say('keys_scroll')) or nil,
    footer_pos = height < #lines and 'right' or nil,
  })
  close_when_left(buffer, window)
end

return M
