--- Answers queries about the editor from DingTalk: position, diagnostics, quickfix list. The queries
--- have no visible effect.

local show_file = require('dingbridge.show_file')
local paths = require('dingbridge.paths')
local windows = require('dingbridge.windows')
local say = require('dingbridge.say')

local M = {}

local MOST_ITEMS = 20
local MESSAGE = 200 -- characters
local NAME = 100 -- characters
local SCANNED = 500 -- entries of a quickfix list that are read
local PARSED = 50 * 1024 -- bytes of the largest buffer that is parsed for a query

local SEVERITY = { 'error', 'warn', 'info', 'hint' }
local LEAST = { error = vim.diagnostic.severity.ERROR, warn = vim.diagnostic.severity.WARN }
local QUICKFIX = { E = 'error', W = 'warn', I = 'info', N = 'hint' }

---@param text string
---@param characters integer
---@return string its first line
local function clipped(text, characters)
  local line = vim.trim(text):match('^[^\r\n%z]*')
  return vim.fn.strcharpart(line:sub(1, characters * 6), 0, characters)
end

-- --- where -------------------------------------------------------------------------------------

--- Whether a node type is a function definition, in any language: not a call or a function type.
---@param kind string
---@return boolean
local function is_function(kind)
  if kind:find('call', 1, true) or kind:find('type', 1, true) or kind:find('declarator', 1, true) then
    return false
  end
  return kind == 'method'
    or kind == 'singleton_method'
    or kind:find('constructor_declaration', 1, true) ~= nil
    or kind:match('^[%w_]*function[%w_]*$') ~= nil
    or kind:match('method_d[%w_]*$') ~= nil
end

---@param node TSNode
---@param field string
---@return TSNode|nil
local function child(node, field)
  return node:field(field)[1]
end

--- The node with a function's name: its own field, that of its declarator, or of its assignment.
---@param node TSNode
---@return TSNode|nil
local function name_node(node)
  local name = child(node, 'name')
  for inner in node:iter_children() do
    -- Vim script has the name there.
    name = name or is_function(inner:type()) and child(inner, 'name') or nil
  end
  local declarator = child(node, 'declarator')
  while not name and declarator do
    name = child(declarator, 'declarator') == nil and declarator or nil
    declarator = child(declarator, 'declarator')
  end
  local parent = node:parent()
  if not name and parent then
    name = child(parent, 'name')
    local assignment = parent:parent()
    if not name and parent:type() == 'expression_list' and assignment then
      name = assignment:named_child(0)
    end
  end
  return name
end

--- The function around a position; nil without a parser or in a large buffer.
---@param buffer integer
---@param row integer from 0
---@param column integer from 0, in bytes
---@return string|nil
local function function_at(buffer, row, column)
  local size = vim.api.nvim_buf_get_offset(buffer, vim.api.nvim_buf_line_count(buffer))
  -- Neovim 0.10 parses the whole buffer when it creates a parser; a highlighted buffer has one.
  if size > PARSED and not vim.treesitter.highlighter.active[buffer] then
    return nil
  end
  -- Without a parser for the language this raises or returns nil, depending on the version.
  local ok, parser = pcall(vim.treesitter.get_parser, buffer)
  if not ok or not parser then
    return nil
  end
  if size > PARSED and not parser:is_valid(true) then
    return nil
  end
  local tree = parser:parse({ row, row + 1 })[1]
  local node = tree and tree:root():named_descendant_for_range(row, column, row, column)
  while node do
    if is_function(node:type()) then
      local name = name_node(node)
      if name then
        return clipped(vim.treesitter.get_node_text(name, buffer), NAME)
      end
    end
    node = node:parent()
  end
end

---@param request { cwd: string }
---@return table
function M.where(request)
  for _, window in ipairs(windows.recent()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    if windows.is_file(buffer) then
      local name = vim.api.nvim_buf_get_name(buffer)
      local line, column = unpack(vim.api.nvim_win_get_cursor(window))
      local text = vim.api.nvim_buf_get_lines(buffer, line - 1, line, false)[1] or ''
      local first = text:match('^%s*()') - 1
      -- Before the first word of a line, the cursor is not yet in a function that begins there.
      local inside = math.max(column, math.min(first, #text))
      return {
        file = paths.below(name, request.cwd) or vim.fs.basename(name),
        line = line,
        column = vim.fn.strchars(text:sub(1, column)) + 1,
        ['function'] = function_at(buffer, line - 1, inside),
        filetype = vim.bo[buffer].filetype,
        modified = vim.bo[buffer].modified,
      }
    end
  end
  return { error = say('no_file_open') }
end

-- --- lists -------------------------------------------------------------------------------------

--- Paths of buffers relative to the folder; false for one outside of it or without a file.
---@param cwd string
---@return table<integer, string|false>
local function names_below(cwd)
  return setmetatable({}, {
    __index = function(names, buffer)
      local known = vim.api.nvim_buf_is_valid(buffer) and windows.is_file(buffer)
      names[buffer] = known and paths.below(vim.api.nvim_buf_get_name(buffer), cwd) or false
      return names[buffer]
    end,
  })
end

---@param request { cwd: string, level?: 'error'|'warn'|'' }
---@return table
function M.diag(request)
  local least = LEAST[request.level]
  local names = names_below(request.cwd)
  local found, count = {}, { 0, 0, 0, 0 }
  for _, each in ipairs(vim.diagnostic.get(nil, least and { severity = { min = least } })) do
    if vim.api.nvim_buf_is_loaded(each.bufnr) and names[each.bufnr] then
      found[#found + 1] = each
      count[each.severity] = count[each.severity] + 1
    end
  end
  table.sort(found, function(one, other)
    if one.severity ~= other.severity then
      return one.severity < other.severity
    elseif one.bufnr ~= other.bufnr then
      return names[one.bufnr] < names[other.bufnr]
    elseif one.lnum ~= other.lnum then
      return one.lnum < other.lnum
    end
    return one.col < other.col
  end)
  local items = {}
  for number = 1, math.min(#found, MOST_ITEMS) do
    local each = found[number]
    items[number] = {
      file = names[each.bufnr],
      line = each.lnum + 1,
      severity = SEVERITY[each.severity],
      message = clipped(each.message, MESSAGE),
    }
  end
  return { total = #found, errors = count[1], warnings = count[2], items = items }
end

---@param request { cwd: string }
---@return table
function M.qf(request)
  local names = names_below(request.cwd)
  local size = vim.fn.getqflist({ size = 0 }).size
  local items, total = {}, 0
  for number = 1, math.min(size, SCANNED) do
    -- One by one, because a list may have a hundred thousand entries.
    local each = vim.fn.getqflist({ idx = number, items = 0 }).items[1]
    if each and each.valid == 1 and each.bufnr > 0 and names[each.bufnr] then
      total = total + 1
      if total <= MOST_ITEMS then
        items[total] = {
          file = names[each.bufnr],
          line = each.lnum,
          severity = QUICKFIX[each.type:upper()] or '',
          message = clipped(each.text, MESSAGE),
        }
      end
    end
  end
  return { total = total + math.max(0, size - SCANNED), items = items }
end

-- -----------------------------------------------------------------------------------------------

local QUESTIONS = { where = M.where, diag = M.diag, qf = M.qf, open = show_file.open }

--- The editor's answer to a request; `{ error = words }` if there is none.
---@param request { what: string, cwd: string, path?: string, line?: integer, level?: string }
---@return table
function M.query(request)
  local question = QUESTIONS[request.what]
  if not question then
    return { error = say('unknown_question') }
  end
  -- Runs autocommands and parsers of other plugins, whose errors are reported, not raised.
  local ok, found = pcall(question, request)
  if not ok then
    local words = say('question_failed', { what = request.what, problem = found })
    require('dingbridge.notice').show(words, 'error')
    return { error = say('could_not_answer') }
  end
  return found
end

--- Answers a request of the service: an update `Look`, with its id in `request`.
---@param request table
function M.answer(request)
  local found = M.query(request)
  local reply = { request = request.request }
  if found.error then
    reply.failure = found.error
  else
    reply.found = found
  end
  require('dingbridge.host').tell('looked', reply)
end

return M
