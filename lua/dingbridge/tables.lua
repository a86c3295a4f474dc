--- Aligns the columns of Markdown tables on the screen, by display width. The text stays as it was
--- written. A table that is wider than the window stays as it is.

local M = {}

local MOST_ROWS = 300 -- of all tables of a message
local MOST_COLUMNS = 30
local PIPE_DRAWN = '│'
local PIPE, BACKSLASH = ('|'):byte(), ('\\'):byte()

---@class dingbridge.TableRow
---@field row integer
---@field line string
---@field pipes integer[] their bytes, from 1
---@field cells { first: integer, last: integer }[] the bytes between them

---@class dingbridge.Table
---@field rows dingbridge.TableRow[] the heading and the body
---@field rule dingbridge.TableRow the line between them

---@param line string
---@param row integer
---@return dingbridge.TableRow|nil nil for a line that is no row of a table
local function row_of(line, row)
  if not line:find('^ ? ? ?|') then
    return nil
  end
  local pipes, cells, is_escaped = {}, {}, false
  -- Byte by byte: a pattern for the backslashes could take seconds.
  for at = 1, #line do
    local byte = line:byte(at)
    if byte == PIPE and not is_escaped then
      pipes[#pipes + 1] = at
    end
    is_escaped = byte == BACKSLASH and not is_escaped
    if #pipes > MOST_COLUMNS then
      return nil
    end
  end
  for number, pipe in ipairs(pipes) do
    local ends = pipes[number + 1] or #line + 1
    if pipes[number + 1] or line:find('%S', pipe + 1) then
      cells[number] = { first = pipe + 1, last = ends - 1 }
    end
  end
  return { row = row, line = line, pipes = pipes, cells = cells }
end

---@param row dingbridge.TableRow
---@return boolean
local function is_rule(row)
  for _, cell in ipairs(row.cells) do
    if not row.line:sub(cell.first, cell.last):find('^%s*:?%-+:?%s*$') then
      return false
    end
  end
  return row.cells[1] ~= nil
end

--- The tables of a message.
---@param lines string[]
---@param first integer row of the first line
---@param is_code fun(row: integer): boolean
---@return dingbridge.Table[]
local function find(lines, first, is_code)
  local found, number, count = {}, 1, 0
  while number < #lines and count < MOST_ROWS do
    local heading = not is_code(first + number - 1) and row_of(lines[number], first + number - 1)
    local rule = heading and row_of(lines[number + 1], first + number)
    number = number + 1
    if heading and rule and is_rule(rule) and #heading.cells == #rule.cells then
      local rows = { heading }
      repeat
        number = number + 1
        local row = lines[number] and row_of(lines[number], first + number - 1)
        rows[#rows + 1] = row
      until not row or count + #rows == MOST_ROWS
      count = count + #rows
      found[#found + 1] = { rows = rows, rule = rule }
    end
  end
  return found
end

--- The columns that each cell of a row takes on the screen: without what is concealed, and with the
--- signs in front of links.
---@param buffer integer
---@param row dingbridge.TableRow
---@return integer[]
local function widths_of(buffer, row)
  local shown = {} ---@type table<integer, string> by byte: what is shown in its place
  local added = {} ---@type table<integer, string> by byte: what is shown before it
  local marks =
    vim.api.nvim_buf_get_extmarks(buffer, -1, { row.row, 0 }, { row.row, -1 }, { details = true })
  for _, mark in ipairs(marks) do
    local from, details = mark[3] + 1, mark[4]
    if details.conceal and details.end_row == row.row then
      for byte = from, details.end_col do
        shown[byte] = ''
      end
      shown[from] = details.conceal
    elseif details.virt_text_pos == 'inline' then
      for _, piece in ipairs(details.virt_text) do
        added[from] = (added[from] or '') .. piece[1]
      end
    end
  end
  return vim.tbl_map(function(cell)
    local pieces = {}
    for byte = cell.first, cell.last do
      pieces[#pieces + 1] = (added[byte] or '') .. (shown[byte] or row.line:sub(byte, byte))
    end
    return vim.api.nvim_strwidth(table.concat(pieces))
  end, row.cells)
end

---@param buffer integer
---@param namespace integer
---@param row integer
---@param column integer
---@param decoration vim.api.keyset.set_extmark
local function set(buffer, namespace, row, column, decoration)
  decoration.undo_restore, decoration.strict = false, false
  vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, decoration)
end

---@param text string
---@return vim.api.keyset.set_extmark
local function inline(text)
  return { virt_text = { { text } }, virt_text_pos = 'inline' }
end

---@param buffer integer
---@param namespace integer
---@param row dingbridge.TableRow
---@param widths integer[] of its cells
---@param wanted integer[] of the columns
---@param rule dingbridge.TableRow
local function align(buffer, namespace, row, widths, wanted, rule)
  for number, cell in ipairs(row.cells) do
    local missing = (wanted[number] or 0) - widths[number]
    local how = rule.cells[number]
    local text = how and vim.trim(rule.line:sub(how.first, how.last)) or ''
    local to_right = vim.endswith(text, ':')
    local before = to_right and (vim.startswith(text, ':') and math.floor(missing / 2) or missing) or 0
    if before > 0 then
      set(buffer, namespace, row.row, cell.first - 1, inline((' '):rep(before)))
    end
    if missing > before then
      set(buffer, namespace, row.row, cell.last, inline((' '):rep(missing - before)))
    end
  end
  for _, pipe in ipairs(row.pipes) do
    local frame = { end_col = pipe, conceal = PIPE_DRAWN, hl_group = 'DingbridgeFrame' }
    set(buffer, namespace, row.row, pipe - 1, frame)
  end
end

--- Aligns the tables of a message whose concealed text is known.
---@param buffer integer
---@param namespace integer
---@param first integer row of the first line
---@param lines string[]
---@param is_code fun(row: integer): boolean
---@param width integer columns of the window
function M.draw(buffer, namespace, first, lines, is_code, width)
  for _, found in ipairs(find(lines, first, is_code)) do
    local rule = found.rule
    local wanted, widths, total = widths_of(buffer, rule), {}, #rule.pipes + rule.pipes[1] - 1
    for number, row in ipairs(found.rows) do
      widths[number] = widths_of(buffer, row)
      for column in ipairs(wanted) do
        wanted[column] = math.max(wanted[column], widths[number][column] or 0)
      end
    end
    local pieces = {}
    for column, columns in ipairs(wanted) do
      total = total + columns
      pieces[column] = ('─'):rep(columns)
    end
    if total <= width then
      for number, row in ipairs(found.rows) do
        align(buffer, namespace, row, widths[number], wanted, rule)
      end
      local ending = rule.pipes[#rule.cells + 1] and '┤' or ''
      set(buffer, namespace, rule.row, rule.pipes[1] - 1, {
        virt_text = { { '├' .. table.concat(pieces, '┼') .. ending, 'DingbridgeFrame' } },
        virt_text_pos = 'overlay',
      })
    end
  end
end

-- On the line of the cursor concealed text shows, which would push the cells of a row aside.
vim.api.nvim_create_autocmd('CursorMoved', {
  group = vim.api.nvim_create_augroup('dingbridge_tables', {}),
  pattern = 'chat://*',
  callback = function()
    local at = vim.api.nvim_win_get_cursor(0)[1] - 1
    local marks = vim.api.nvim_buf_get_extmarks(0, -1, { at, 0 }, { at, -1 }, { details = true })
    local is_row = vim.iter(marks):any(function(mark)
      return mark[4].conceal == PIPE_DRAWN
    end)
    local wanted = is_row and 'n' or ''
    if vim.wo.concealcursor ~= wanted then
      vim.wo[0][0].concealcursor = wanted
    end
  end,
})

return M
