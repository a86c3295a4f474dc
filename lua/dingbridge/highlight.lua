--- Highlights Markdown in visible messages and in drafts.
---
--- Each message is parsed separately, when it is first visible. So an open code block does not affect
--- later messages, and the length of the transcript does not matter. (A parser of the whole buffer
--- takes a quarter of a second for 10,000 messages, at every new one.) A draft is parsed when its
--- writer pauses.

local markdown_parser = require('dingbridge.markdown_parser')
local message_rows = require('dingbridge.message_rows')
local windows = require('dingbridge.windows')

local M = {}

local LONGEST = markdown_parser.LONGEST
local PAUSE = 100 -- milliseconds without a change, after which a draft is parsed
local FIRST = 50 -- milliseconds after a chat is shown, after which the parser is loaded
local SLICE = 4e6 -- nanoseconds of highlighting, after which Neovim handles keys

local namespace = vim.api.nvim_create_namespace('dingbridge_markdown')

---@class dingbridge.Painting
---@field headings integer namespace of the marks at which messages begin
---@field done table<integer, true> the marks of the messages that have their colours
---@field width integer columns of the narrowest window for which they have them
---@field is_whole fun(mark: integer): boolean whether all of the message is in the buffer
---@field steps fun(mark: integer): integer how many lines below the heading are no Markdown

---@type table<integer, dingbridge.Painting> by buffer
local paintings = {}

--- The messages of a buffer that begin on the rows, and the one that continues from above.
---@param buffer integer
---@param top integer
---@param bottom integer
---@return vim.api.keyset.get_extmark_item[]
local function visible(buffer, top, bottom)
  local headings = paintings[buffer].headings
  local below = vim.api.nvim_buf_get_extmarks(buffer, headings, { top, 1 }, { bottom, -1 }, {})
  return vim.list_extend({ message_rows.mark_at(buffer, headings, top) }, below)
end

--- The columns of the narrowest window of a buffer.
---@param buffer integer
---@return integer
local function narrowest(buffer)
  local width = math.huge
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    width = math.min(width, windows.text_width(window))
  end
  return width
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
  painting.done[mark], painting.width = true, narrowest(buffer)
  local last = message_rows.ends(buffer, headings, row)
  local size = vim.api.nvim_buf_get_offset(buffer, last) - vim.api.nvim_buf_get_offset(buffer, row + 1)
  if size > 2 * LONGEST then
    return
  end
  row = row + painting.steps(mark)
  local lines = vim.api.nvim_buf_get_lines(buffer, row + 1, last, false)
  local text = table.concat(lines, '\n')
  if markdown_parser.is_harmless(text, at[3].hl_group == 'DingbridgeDingtalk') then
    markdown_parser.mark(buffer, namespace, row + 1, text)
  end
  require('dingbridge.markdown_blocks').draw(buffer, namespace, row + 1, lines, painting.width)
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
          markdown_parser.once_loaded(function()
            paint_messages(buffer, unpainted)
          end)
        end)
      end
    end
    return false
  end,
})

--- Highlights the messages of a transcript, which begin at the marks of a namespace.
---@param buffer integer
---@param headings integer namespace
---@param is_whole fun(mark: integer): boolean whether all of a message is in the buffer
---@param steps fun(mark: integer): integer how many lines below its heading are no Markdown
function M.transcript(buffer, headings, is_whole, steps)
  if markdown_parser.is_there() then
    vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
    paintings[buffer] =
      { headings = headings, done = {}, width = math.huge, is_whole = is_whole, steps = steps }
    vim.defer_fn(function()
      markdown_parser.once_loaded(function() end)
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
  if markdown_parser.is_harmless(text, true) then
    markdown_parser.mark(buffer, namespace, 0, text)
  end
end

--- Highlights a draft without setting the filetype, whose plugins are for files.
---@param buffer integer
function M.draft(buffer)
  if not markdown_parser.is_there() then
    return
  end
  local timer = assert(vim.uv.new_timer())
  local function changed()
    timer:start(PAUSE, 0, vim.schedule_wrap(function()
      markdown_parser.once_loaded(function()
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

local group = vim.api.nvim_create_augroup('dingbridge_markdown', {})

vim.api.nvim_create_autocmd('WinResized', {
  group = group,
  callback = function()
    for buffer, painting in pairs(paintings) do
      local width = narrowest(buffer)
      if painting.width ~= width and width ~= math.huge then
        painting.width, painting.done = width, {}
        vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
      end
    end
  end,
})

vim.api.nvim_create_autocmd('BufWipeout', {
  group = group,
  pattern = 'chat://*',
  callback = function(args)
    paintings[args.buf] = nil
  end,
})

return M
