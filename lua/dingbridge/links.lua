--- The links in a message: their positions and targets, and the extmarks for them.
---
--- Neovim wraps a line as if its concealed text were there, so a long target, of which nothing is seen,
--- would leave empty lines on the screen. In a long line `…` stands in its place, and the target is
--- known by the extmark.

local M = {}

-- In the fonts of terminals, unlike pictographs, and one column wide.
local PICTURE, FILE = '▣ ', '▤ '

local MOST = 50 -- links of a line, so that no line takes long
local NARROW = 36 -- columns; a line that is not longer hardly ever wraps
local LEFT_OUT = '…'

-- The punctuation at the end of a sentence is not part of an address.
local ENDINGS = { '.', ',', ';', ':', '!', '?', '"', "'", '*', '_', '~' }
vim.list_extend(ENDINGS, { '。', '，', '、', '；', '：', '！', '？', '”', '’', '）', '】', '》', '」', '』' })
local CLOSING = { '。', '，', '；', '！', '？', '”', '）', '】', '》', '」', '』' }

local namespace = vim.api.nvim_create_namespace('dingbridge_links')

---@type table<integer, table<integer, string>> targets that are left out, by buffer and extmark
local left_out = {}

---@class dingbridge.Link
---@field first integer byte of the line
---@field last integer byte of the line
---@field target string
---@field is_picture boolean
---@field from? integer byte at which the target begins, in a Markdown link
---@field is_left_out? boolean whether the target is to be left out

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
      found[#found + 1] = { first = first, last = last, from = from, target = target, is_picture = is_picture }
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
---@param buffer integer
---@param row integer zero-based
---@param column integer byte of the line
---@return dingbridge.Link|nil
function M.at(buffer, row, column)
  local line = vim.api.nvim_buf_get_lines(buffer, row, row + 1, false)[1] or ''
  local nearest
  for _, link in ipairs(M.find(line)) do
    nearest = link
    if link.last >= column then
      break
    end
  end
  if nearest and nearest.target == LEFT_OUT then
    local at = { row, nearest.first - 1 }
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer, namespace, at, at, {})) do
      nearest.target = (left_out[buffer] or {})[mark[1]] or nearest.target
    end
  end
  return nearest
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

--- A line with its links, as it is shown.
---@param line string
---@return string
---@return dingbridge.Link[] their bytes are those of the shown line
local function shown(line)
  local links = (line:find(':', 1, true) or line:find('](', 1, true)) and M.find(line) or {}
  if not links[1] or vim.api.nvim_strwidth(line) <= NARROW then
    return line, links
  end
  local pieces, from = {}, 1
  local cuts = {} ---@type { behind: integer, bytes: integer }[]
  for _, link in ipairs(links) do
    if link.from and link.from >= from and link.last - link.from > #LEFT_OUT then
      vim.list_extend(pieces, { line:sub(from, link.from - 1), LEFT_OUT })
      from, link.is_left_out = link.last, true
      cuts[#cuts + 1] = { behind = link.from, bytes = link.last - link.from - #LEFT_OUT }
    end
  end
  pieces[#pieces + 1] = line:sub(from)
  local function moved(byte)
    local place = byte
    for _, cut in ipairs(cuts) do
      place = byte > cut.behind and place - cut.bytes or place
    end
    return place
  end
  for _, link in ipairs(links) do
    link.first, link.last = moved(link.first), moved(link.last)
  end
  return table.concat(pieces), links
end

---@param buffer integer
---@param row integer zero-based
---@param link dingbridge.Link
---@param folder string of received files
local function mark(buffer, row, link, folder)
  local decoration = { undo_restore = false } ---@type vim.api.keyset.set_extmark
  if vim.startswith(link.target, folder) then
    decoration.virt_text = { { link.is_picture and PICTURE or FILE, 'DingbridgeNotice' } }
    decoration.virt_text_pos = 'inline'
  elseif M.is_address(link.target) then
    decoration.end_col, decoration.url = link.last, link.target
  elseif not link.is_left_out then
    return
  end
  local id = vim.api.nvim_buf_set_extmark(buffer, namespace, row, link.first - 1, decoration)
  if link.is_left_out and not left_out[buffer] then
    left_out[buffer] = {}
    vim.api.nvim_create_autocmd('BufWipeout', {
      buffer = buffer,
      callback = function()
        left_out[buffer] = nil
      end,
    })
  end
  if link.is_left_out then
    left_out[buffer][id] = link.target
  end
end

--- Puts lines into the buffer of a transcript, with extmarks for their links: addresses for the
--- terminal, and a sign for received files.
---@param buffer integer
---@param first integer row of the first line, zero-based
---@param last integer row behind those that are replaced
---@param lines string[]
function M.put(buffer, first, last, lines)
  local shown_lines, found = {}, {}
  for number, line in ipairs(lines) do
    shown_lines[number], found[number] = shown(line)
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, shown_lines)
  vim.bo[buffer].modifiable = false
  local folder = M.media_folder()
  for number, links in ipairs(found) do
    for _, link in ipairs(links) do
      mark(buffer, first + number - 1, link, folder)
    end
  end
end

--- Removes these extmarks.
---@param buffer integer
---@param first? integer row, zero-based; not given: all
---@param last? integer row behind the last one
function M.clear(buffer, first, last)
  if not first and left_out[buffer] then
    left_out[buffer] = {}
  end
  vim.api.nvim_buf_clear_namespace(buffer, namespace, first or 0, last or -1)
end

return M
