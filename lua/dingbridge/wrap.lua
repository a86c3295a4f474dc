--- Breaks text into lines that fit a width on the screen.

local M = {}

local LARGEST = 6 -- bytes of a character

-- Punctuation that begins no line, and that ends none; some have no width of Chinese.
local CLOSING = '，。、；：？！）》」』】”’…,.;:?!)]}'
local OPENING = '（《「『【“‘([{'

---@param character string
local function is_chinese(character)
  return character:find('^[\227-\233\239]') ~= nil
end

--- Whether a line may end between two characters because of Chinese.
---@param before string
---@param after string
local function may_part(before, after)
  return (is_chinese(before) or is_chinese(after))
    and not before:find('^%s')
    and not after:find('^%s')
    and not OPENING:find(before, 1, true)
    and not CLOSING:find(after, 1, true)
end

--- The last place in `piece`, the beginning of `line`, where a line may end because of Chinese.
---@param line string
---@param piece string
---@return integer|nil bytes of the line before it
local function chinese_end(line, piece)
  local at = #piece
  local after = line:match('^[%z\1-\127\194-\244][\128-\191]*', at + 1)
  while after and at > 0 do
    local from = at + vim.str_utf_start(line, at)
    local before = line:sub(from, at)
    if may_part(before, after) then
      return at
    end
    at, after = from - 1, before
  end
end

--- The longest beginning of `line` that fits. It ends at a space, or between Chinese characters, if
--- there is such a place far enough to the right, or if the word after it fits on one line.
---@param line string
---@param width integer columns
---@return string
local function beginning(line, width)
  -- A word that is longer than this does not fit on one line.
  local near = line:sub(1, 2 * width * LARGEST)
  local piece = vim.fn.strcharpart(near, 0, width)
  while vim.api.nvim_strwidth(piece) > width and vim.fn.strchars(piece) > 1 do
    piece = vim.fn.strcharpart(piece, 0, vim.fn.strchars(piece) - 1)
  end
  if #piece == #line then
    return piece
  end
  local last = math.max(piece:match('.*%S() ') or 0, chinese_end(near, piece) or 0)
  if last == 0 then
    return piece
  end
  local word = near:match('^[^%s\227-\233\239]*', last + 1)
  local is_far = last > #piece / 2 or vim.api.nvim_strwidth(word) <= width
  return is_far and piece:sub(1, last) or piece
end

--- Text shortened to a number of columns, with an ellipsis.
---@param text string
---@param columns integer
---@return string
function M.cut(text, columns)
  if vim.api.nvim_strwidth(text) <= columns then
    return text
  end
  text = vim.fn.strcharpart(text, 0, columns)
  while vim.api.nvim_strwidth(text) >= columns and text ~= '' do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  return text .. '…'
end

--- Text shortened to a number of columns, with an ellipsis after its first third: a path is cut, and
--- what follows it shows.
---@param text string
---@param columns integer
---@return string
function M.cut_inside(text, columns)
  if vim.api.nvim_strwidth(text) <= columns then
    return text
  end
  local head = M.cut(text, math.floor(columns / 3))
  local left, length = columns - vim.api.nvim_strwidth(head), vim.fn.strchars(text)
  local tail = vim.fn.strcharpart(text, math.max(0, length - left))
  while vim.api.nvim_strwidth(tail) > left do
    tail = vim.fn.strcharpart(tail, 1)
  end
  return head .. tail
end

---@param text string
---@param width integer columns
---@param most? integer lines to keep; the last one then ends with an ellipsis
---@return string[]
function M.lines(text, width, most)
  local lines = {}
  for _, line in ipairs(vim.split(text, '\n', { plain = true })) do
    repeat
      if most and #lines == most then
        lines[most] = beginning(lines[most], width - 1) .. '…'
        return lines
      end
      local piece = beginning(line, width)
      lines[#lines + 1] = piece
      line = line:sub(#piece + 1)
    until line == ''
  end
  return lines
end

return M
