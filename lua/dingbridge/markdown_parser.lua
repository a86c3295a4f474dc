--- Parses the Markdown of messages and drafts, and sets the marks of its colours and concealed signs.
---
--- Only texts that `is_harmless` accepts are parsed, never a buffer, which Neovim's parser would
--- continue to parse in the background after later changes.

local M = {}

-- Bytes; longer messages are not highlighted. The parser cannot be stopped, and some invalid texts take
-- quadratic time, so texts of other people have a lower limit.
M.LONGEST = 50000
local LONGEST_FOREIGN = 8000
-- The Markdown parser crashes Neovim at about 250 nested blocks.
local DEEPEST = 32 -- quotes and lists that one line may open
local INDENTED = 120 -- columns of indentation; each nested list needs two
local MOST_MARKS = 4000 -- of one message
local PRIORITY = 100 -- as in `vim.treesitter.highlighter`; see |treesitter-highlight-priority|
-- Code that no parser colours is plain: its shade and frame are enough.
local SILENT = { spell = true, nospell = true, none = true, ['markup.raw.block'] = true }

--- Whether Neovim has the parser.
---@return boolean
function M.is_there()
  -- It is part of Neovim, but some distributions omit it; then this raises or returns nil.
  return (pcall(vim.treesitter.get_string_parser, '', 'markdown'))
end

--- Whether a message is short and flat enough for the parser.
---@param text string
---@param is_foreign boolean whether others may have written it
---@return boolean
function M.is_harmless(text, is_foreign)
  if #text > (is_foreign and LONGEST_FOREIGN or M.LONGEST) then
    return false
  end
  for line in vim.gsplit(text, '\n', { plain = true }) do
    local front = line:match('^[%s%d>.)*+-]*')
    local _, quotes = front:gsub('>', '')
    local _, items = front:gsub('[.)*+-]%s', '')
    local _, spaces = front:gsub(' ', '')
    local _, tabs = front:gsub('\t', '')
    if quotes + items > DEEPEST or spaces + 4 * tabs > INDENTED then
      return false
    end
  end
  return true
end

--- Sets the marks of a text that `is_harmless` accepts.
---@param buffer integer
---@param namespace integer
---@param first integer row, zero-based
---@param text string the lines from there on
function M.mark(buffer, namespace, first, text)
  local left = MOST_MARKS
  local parser = vim.treesitter.get_string_parser(text, 'markdown')
  parser:parse(true)
  parser:for_each_tree(function(tree, language_tree)
    local language = language_tree:lang()
    local query = vim.treesitter.query.get(language, 'highlights')
    if not query then
      return
    end
    for id, node, metadata in query:iter_captures(tree:root(), text) do
      local name = query.captures[id]
      if name:sub(1, 1) ~= '_' and not SILENT[name] then
        left = left - 1
        if left < 0 then
          return
        end
        local from_row, from_column, to_row, to_column = node:range()
        vim.api.nvim_buf_set_extmark(buffer, namespace, first + from_row, from_column, {
          end_row = first + to_row,
          end_col = to_column,
          hl_group = ('@%s.%s'):format(name, language),
          conceal = metadata.conceal or metadata[id] and metadata[id].conceal or nil,
          priority = tonumber(metadata.priority) or PRIORITY,
          undo_restore = false,
          strict = false,
        })
      end
    end
  end)
end

--- Modules for the parser, each of which takes some ten milliseconds to load.
local NEEDED = {
  { 'markdown', 'highlights' },
  { 'markdown', 'injections' },
  { 'markdown_inline', 'highlights' },
  { 'markdown_inline', 'injections' },
}

--- Loads them one at a time, then calls back.
---@param act fun()
function M.once_loaded(act)
  local needed = table.remove(NEEDED, 1)
  if not needed then
    act()
    return
  end
  -- Errors appear when it is used.
  pcall(vim.treesitter.query.get, needed[1], needed[2])
  vim.defer_fn(function()
    M.once_loaded(act)
  end, 1)
end

return M
