--- The links in a message: their positions and targets, and the extmarks for them. The text is not
--- changed.

local M = {}

-- All terminals draw these two columns wide, unlike 🖼.
local PICTURE, FILE = '📷 ', '📎 '

local MOST = 50 -- links of a line, so that no line takes long

-- The punctuation at the end of a sentence is not part of an address.
local ENDINGS = { '.', ',', ';', ':', '!', '?', '"', "'", '*', '_', '~' }
vim.list_extend(ENDINGS, { '。', '，', '、', '；', '：', '！', '？', '”', '’', '）', '】', '》', '」', '』' })
local CLOSING = { '。', '，', '；', '！', '？', '”', '）', '】', '》', '」', '』' }

local namespace = vim.api.nvim_create_namespace('dingbridge_links')

---@class dingbridge.Link
---@field first integer byte of the line
---@field last integer byte of the line
---@field target string
---@field is_picture boolean

--- The start of the link whose label ends at a bracket.
---@param line string
---@param ending integer byte of the closing bracket
---@return integer|nil
local function beginning(line, ending)
  for at = ending - 1, 1, -1 do
    if line:sub(at, at) == '[' and line:sub(at - 1, at - 1) ~= '\\' then
      return at
    end
  end
end

---@param text string
---@return string
local function unescaped(text)
  return (text:gsub('\\(%p)', '%1'):gsub('&amp;', '&'))
end

--- The target in the parentheses of a link.
---@param line string
---@param from integer byte after the opening one
---@return string? target
---@return integer? last byte of the closing one
local function target_at(line, from)
  if line:sub(from, from) == '<' then
    local at = from + 1
    while at <= #line and line:sub(at, at) ~= '>' do
      at = at + (line:sub(at, at) == '\\' and 2 or 1)
    end
    local close = line:find(')', at, true)
    return close and unescaped(line:sub(from + 1, at - 1)), close
  end
  local depth, at = 0, from
  while at <= #line do
    local one = line:sub(at, at)
    if one == '\\' then
      at = at + 1
    elseif one == '(' then
      depth = depth + 1
    elseif one == ')' and depth == 0 then
      break
    elseif one == ')' then
      depth = depth - 1
    elseif one == ' ' then
      -- A title follows.
      local close = line:find(')', at, true)
      return close and unescaped(line:sub(from, at - 1)), close
    end
    at = at + 1
  end
  if at <= #line then
    return unescaped(line:sub(from, at - 1)), at
  end
end

--- An address without the punctuation behind it.
---@param address string
---@return string
local function trimmed(address)
  for _, mark in ipairs(CLOSING) do
    local at = address:find(mark, 1, true)
    address = at and address:sub(1, at - 1) or address
  end
  for _ = 1, MOST do
    local before = address
    for _, mark in ipairs(ENDINGS) do
      address = vim.endswith(address, mark) and address:sub(1, -#mark - 1) or address
    end
    local _, opened = address:gsub('%(', '')
    local _, closed = address:gsub('%)', '')
    address = closed > opened and vim.endswith(address, ')') and address:sub(1, -2) or address
    if address == before then
      break
    end
  end
  return address
end

--- The links of a line, in order: Markdown links and bare addresses.
---@param line string
---@return dingbridge.Link[]
function M.find(line)
  local found, seen = {}, 0 ---@type dingbridge.Link[], integer
  for ending, from in line:gmatch('()%]%(()') do
    seen = seen + 1
    if seen > MOST then
      break
    end
    local first = beginning(line, ending)
    local target, last = target_at(line, from)
    if first and target and target ~= '' then
      local is_picture = line:sub(first - 1, first - 1) == '!'
      first = is_picture and first - 1 or first
      found[#found + 1] = { first = first, last = last, target = target, is_picture = is_picture }
    end
  end
  local in_markdown = #found
  for first, address in line:gmatch('()%f[%a](%a+:[^%s<>`%[%]]+)') do
    local scheme = address:match('^(%a+):'):lower()
    local is_address = (scheme == 'http' or scheme == 'https') and address:find('^%a+://.') or scheme == 'mailto'
    for number = 1, in_markdown do
      is_address = is_address and (first < found[number].first or first > found[number].last)
    end
    if is_address then
      address = trimmed(address)
      local last = first + #address - 1
      found[#found + 1] = { first = first, last = last, target = address, is_picture = false }
    end
  end
  table.sort(found, function(one, other)
    return one.first < other.first
  end)
  return found
end

--- The link at a byte of a line, otherwise the next one, otherwise the last one before.
---@param line string
---@param column integer
---@return dingbridge.Link|nil
function M.at(line, column)
  local last
  for _, link in ipairs(M.find(line)) do
    if link.last >= column then
      return link
    end
    last = link
  end
  return last
end

--- Whether an address may be passed to the system: a web or mail address without characters that a
--- shell or terminal could interpret.
---@param target string
---@return boolean
function M.is_address(target)
  local scheme = (target:match('^(%a+):') or ''):lower()
  local known = scheme == 'mailto' or (scheme == 'http' or scheme == 'https') and target:find('^%a+://.') ~= nil
  return known and target:find("^[%w%-._~:/?#%[%]@!$&'()*+,;=%%\128-\255]+$") ~= nil
end

--- The folder of received files, with a trailing slash.
---@return string
function M.media_folder()
  return vim.fs.joinpath(vim.fn.stdpath('data'), 'dingbridge', 'media') .. '/'
end

--- Sets extmarks for the links of lines: addresses for the terminal, and a sign for received files.
---@param buffer integer
---@param first integer row of the first line, zero-based
---@param lines string[]
function M.mark(buffer, first, lines)
  local folder = M.media_folder()
  for number, line in ipairs(lines) do
    local links = line:find(':', 1, true) or line:find('](', 1, true)
    for _, link in ipairs(links and M.find(line) or {}) do
      local row, column = first + number - 1, link.first - 1
      if vim.startswith(link.target, folder) then
        vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, {
          virt_text = { { link.is_picture and PICTURE or FILE, 'DingbridgeNotice' } },
          virt_text_pos = 'inline',
          undo_restore = false,
        })
      elseif M.is_address(link.target) then
        vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, {
          end_col = link.last,
          url = link.target,
          undo_restore = false,
        })
      end
    end
  end
end

--- Removes these extmarks.
---@param buffer integer
---@param first? integer row, zero-based; not given: all
---@param last? integer row behind the last one
function M.clear(buffer, first, last)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, first or 0, last or -1)
end

return M
