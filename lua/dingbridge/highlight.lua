--- Highlights Markdown in visible messages and in drafts.
---
--- Each message is parsed separately, when it is first visible. So an open code block does not affect
--- later messages, and the length of the transcript does not matter. (A parser of the whole buffer
--- takes a quarter of a second for 10,000 messages, at every new one.) A draft is parsed when its
--- writer pauses.
---
--- Only texts that `is_harmless` accepts are parsed, never a buffer, which Neovim's parser would
--- continue to parse in the background after later changes.

local M = {}

-- Bytes; longer messages are not highlighted. The parser cannot be stopped, and some invalid texts take
-- quadratic time, so texts of other people have a lower limit.
local LONGEST = 50000
local LONGEST_FOREIGN = 8000
-- The Markdown parser crashes Neovim at about 250 nested blocks.
local DEEPEST = 32 -- quotes and lists that one line may open
local INDENTED = 120 -- columns of indentation; each nested list needs two
local MOST_MARKS = 4000 -- of one message
local NEAR = 32 -- rows above a window that are searched first for the start of its first message
local PAUSE = 100 -- milliseconds without a change, after which a draft is parsed
local FIRST = 50 -- milliseconds after a chat is shown, after which the parser is loaded
local PRIORITY = 100 -- as in `vim.treesitter.highlighter`; see |treesitter-highlight-priority|
local SLICE = 4e6 -- nanoseconds of highlighting, after which Neovim handles keys
local SILENT = { spell = true, nospell = true, none = true }

local namespace = vim.api.nvim_create_namespace('dingbridge_markdown')

---@class dingbridge.Painting
---@field headings integer namespace of the marks at which messages begin
---@field done table<integer, true> the marks of the messages that have their colours
---@field is_whole fun(mark: integer): boolean whether all of the message is in the buffer

---@type table<integer, dingbridge.Painting> by buffer
local paintings = {}

--- Whether a message is short and flat enough for the parser.
---@param text string
---@param is_foreign boolean whether others may have written it
---@return boolean
local function is_harmless(text, is_foreign)
  if #text > (is_foreign and LONGEST_FOREIGN or LONGEST) then
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

---@param buffer integer
---@param first integer row, zero-based
---@param text string the lines from there on
local function paint(buffer, first, text)
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

--- The extmark of the message at a row, if any. Neovim visits all marks of a range that is searched
--- backwards, so the search uses ranges that grow with the message.
---@param buffer integer
---@param headings integer namespace
---@param row integer
---@return vim.api.keyset.get_extmark_item[]
local function message_at(buffer, headings, row)
  local rows = NEAR
  local last = row
  while last >= 0 do
    local first = math.max(0, last - rows)
    local found = vim.api.nvim_buf_get_extmarks(buffer, headings, { last, 0 }, { first, 0 }, { limit = 1 })
    if found[1] then
      return found
    end
    last, rows = first - 1, 2 * rows
  end
  return {}
end

--- The messages of a buffer that begin on the rows, and the one that continues from above.
---@param buffer integer
---@param top integer
---@param bottom integer
---@return vim.api.keyset.get_extmark_item[]
local function visible(buffer, top, bottom)
  local headings = paintings[buffer].headings
  local below = vim.api.nvim_buf_get_extmarks(buffer, headings, { top, 1 }, { bottom, -1 }, {})
  return vim.list_extend(message_at(buffer, headings, top), below)
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
local function once_loaded(act)
  local needed = table.remove(NEEDED, 1)
  if not needed then
    act()
    return
  end
  -- Errors appear when it is used.
  pcall(vim.treesitter.query.get, needed[1], needed[2])
  vim.defer_fn(function()
    once_loaded(act)
  end, 1)
end

---@param buffer integer
---@param mark integer
local function paint_message(buffer, mark)
  local painting = paintings[buffer]
  local headings = painting.headings
  local at = vim.api.nvim_buf_get_extmark_by_id(buffer, headings, mark, { details = true })
  local row = at[1]
  -- A long message is handled again when its last piece is in the buffer.
  if not row or painting.done[mark] or not painting.is_whole(mark) then
    return
  end
  painting.done[mark] = true
  local following =
    vim.api.nvim_buf_get_extmarks(buffer, headings, { row + 1, 0 }, -1, { limit = 1 })[1]
  local last = following and following[2] or vim.api.nvim_buf_line_count(buffer)
  local size = vim.api.nvim_buf_get_offset(buffer, last) - vim.api.nvim_buf_get_offset(buffer, row + 1)
  if size > 2 * LONGEST then
    return
  end
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, row + 1, last, false), '\n')
  if is_harmless(text, at[3].hl_group == 'DingbridgeDingtalk') then
    paint(buffer, row + 1, text)
  end
end

--- Highlights messages, in slices that the user does not notice.
---@param buffer integer
---@param marks integer[]
local function paint_messages(buffer, marks)
  local ends = vim.uv.hrtime() + SLICE
  for number, mark in ipairs(marks) do
    if not paintings[buffer] or not vim.api.nvim_buf_is_loaded(buffer) then
      return
    end
    if vim.uv.hrtime() > ends then
      vim.defer_fn(function()
        paint_messages(buffer, vim.list_slice(marks, number))
      end, 1)
      return
    end
    paint_message(buffer, mark)
  end
end

vim.api.nvim_set_decoration_provider(namespace, {
  on_win = function(_, _, buffer, top, bottom)
    local painting = paintings[buffer]
    if painting then
      local unpainted = {}
      for _, mark in ipairs(visible(buffer, top, bottom)) do
        if not painting.done[mark[1]] then
          unpainted[#unpainted + 1] = mark[1]
        end
      end
      if #unpainted > 0 then
        -- Permanent marks must not be set during a redraw.
        vim.schedule(function()
          once_loaded(function()
            paint_messages(buffer, unpainted)
          end)
        end)
      end
    end
    return false
  end,
})

---@return boolean
local function has_parser()
  -- It is part of Neovim, but some distributions omit it; then this raises or returns nil.
  return (pcall(vim.treesitter.get_string_parser, '', 'markdown'))
end

--- Highlights the messages of a transcript, which begin at the marks of a namespace.
---@param buffer integer
---@param headings integer namespace
---@param is_whole fun(mark: integer): boolean whether all of a message is in the buffer
function M.transcript(buffer, headings, is_whole)
  if has_parser() then
    vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
    paintings[buffer] = { headings = headings, done = {}, is_whole = is_whole }
    vim.defer_fn(function()
      once_loaded(function() end)
    end, FIRST)
  end
end

--- Highlights a message again when it is next visible, because its text has changed.
---@param buffer integer
---@param mark integer
---@param first integer row at which it begins, zero-based
---@param last integer row behind it
function M.changed(buffer, mark, first, last)
  if paintings[buffer] then
    vim.api.nvim_buf_clear_namespace(buffer, namespace, first, last)
    paintings[buffer].done[mark] = nil
  end
end

---@param buffer integer
local function paint_draft(buffer)
  if not vim.api.nvim_buf_is_loaded(buffer) then
    return
  end
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
  -- Pasted text may come from others as well, and a draft is parsed repeatedly.
  if is_harmless(text, true) then
    paint(buffer, 0, text)
  end
end

--- Highlights a draft without setting the filetype, whose plugins are for files.
---@param buffer integer
function M.draft(buffer)
  if not has_parser() then
    return
  end
  local timer = assert(vim.uv.new_timer())
  local function changed()
    timer:start(PAUSE, 0, vim.schedule_wrap(function()
      once_loaded(function()
        paint_draft(buffer)
      end)
    end))
  end
  vim.api.nvim_buf_attach(buffer, false, {
    on_lines = changed,
    on_reload = changed,
    on_detach = function()
      timer:close()
    end,
  })
end

vim.api.nvim_create_autocmd('BufWipeout', {
  group = vim.api.nvim_create_augroup('dingbridge_markdown', {}),
  pattern = 'chat://*',
  callback = function(args)
    paintings[args.buf] = nil
  end,
})

return M
