--- The steps of an agent's turn in a transcript: one line each between the heading and the answer, with
--- a detail that is shown on request.

local say = require('dingbridge.say')

local M = {}

local namespace = vim.api.nvim_create_namespace('dingbridge_steps')
local details = vim.api.nvim_create_namespace('dingbridge_step_details')

local MOST_ROWS = 30 -- of a detail below its step; K shows all of it
local LONGEST = 400 -- bytes of a title

local STATE = {
  pending = { 'step_pending', 'DingbridgeWaiting' },
  running = { 'step_running', 'DingbridgeAnswering' },
  done = { 'step_done', 'DingbridgeSent' },
  failed = { 'step_failed', 'DingbridgeFailed' },
}
local DIFF = { ['+'] = 'Added', ['-'] = 'Removed' }
local KIND = {
  read = 'kind_read',
  edit = 'kind_edit',
  delete = 'kind_delete',
  move = 'kind_move',
  search = 'kind_search',
  execute = 'kind_execute',
  think = 'kind_think',
  fetch = 'kind_fetch',
}
local LINE = { thought = 'step', plan = 'step_plan', other = 'step' }

--- The steps whose detail is shown, by buffer, mark of the heading, and number.
---@type table<integer, table<integer, table<integer, true>>>
local shown = {}

---@param text string
---@return string
local function one_line(text)
  text = text:gsub('[%c]+', ' ')
  return #text > LONGEST and text:sub(1, LONGEST + vim.str_utf_start(text, LONGEST + 1) - 1) or text
end

--- The line of a step. Its state is a sign and a word, for those who hear it read.
---@param step dingbridge.Step
---@return string
function M.line(step)
  local waits = step.approval and step.approval ~= ''
  local is_open = step.kind == 'plan' and step.state == 'pending'
  local state = waits and say('step_waits', { code = step.approval })
    or say(is_open and 'step_open' or STATE[step.state][1])
  local name = LINE[step.kind] or 'step_tool'
  local parts = { state = state, kind = KIND[step.kind] and say(KIND[step.kind]) or step.kind, title = one_line(step.title) }
  return '  ' .. say(name, parts)
end

---@param steps dingbridge.Step[]|nil
---@return string[]
function M.lines(steps)
  return vim.tbl_map(M.line, steps or {})
end

--- The rows of a detail, without the fences of its code, and with the colours of a diff.
---@param text string
---@return { [1]: string, [2]: string }[][]
local function rows_of(text)
  local rows, fence, is_diff = {}, nil, false
  local lines = vim.split(text, '\n', { plain = true })
  for _, line in ipairs(lines) do
    local opens, language = line:match('^(```+)(%a*)')
    if opens and (not fence or fence == line) then
      fence, is_diff = not fence and opens or nil, not fence and language == 'diff'
    elseif #rows < MOST_ROWS then
      local group = is_diff and DIFF[line:sub(1, 1)] or 'DingbridgeHeading'
      rows[#rows + 1] = { { '    ' .. line:gsub('%c', ' '), group } }
    else
      rows[MOST_ROWS + 1] = { { '    ' .. say('step_more'), 'DingbridgeHeading' } }
    end
  end
  return rows
end

---@param buffer integer
---@param heading integer mark
---@param number integer
---@return boolean
local function is_shown(buffer, heading, number)
  local of_message = (shown[buffer] or {})[heading]
  return of_message ~= nil and of_message[number] == true
end

--- Removes what was drawn at steps.
---@param buffer integer
---@param first integer row
---@param last integer row behind them
function M.clear(buffer, first, last)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, first, last)
  vim.api.nvim_buf_clear_namespace(buffer, details, first, last)
end

--- Draws the steps `from` to `last` of a message whose heading is on a row.
---@param buffer integer
---@param heading integer mark
---@param row integer
---@param steps dingbridge.Step[]
---@param from? integer
---@param last? integer
function M.draw(buffer, heading, row, steps, from, last)
  from, last = from or 1, last or #steps
  M.clear(buffer, row + from, row + last + 1)
  for number = from, last do
    local step = steps[number]
    vim.api.nvim_buf_set_extmark(buffer, namespace, row + number, 0, {
      end_row = row + number + 1,
      hl_group = STATE[step.state][2],
      undo_restore = false,
      invalidate = true,
      strict = false,
    })
    if is_shown(buffer, heading, number) then
      vim.api.nvim_buf_set_extmark(buffer, details, row + number, 0, {
        virt_lines = rows_of(step.detail or ''),
        undo_restore = false,
      })
    end
  end
end

--- Draws the steps of a message that was added at a row.
---@param view dingbridge.View
---@param row integer
---@param message dingbridge.Message
function M.mark(view, row, message)
  local heading, steps = view.marks[message.id], message.steps
  if steps and steps[1] then
    view.steps[heading] = #steps
    M.draw(view.buffer, heading, row, steps)
  end
  if message.is_live then
    view.live = heading
  end
end

--- Removes all that was drawn.
---@param view dingbridge.View
function M.empty(view)
  view.steps, view.live = {}, nil
  M.clear(view.buffer, 0, -1)
end

--- The step under the cursor, with where it is drawn; nil on another line.
---@return dingbridge.Step|nil
---@return { buffer: integer, heading: integer, row: integer, steps: dingbridge.Step[], number: integer }|nil
local function under_cursor()
  local session, message = require('dingbridge.message_place').under_cursor()
  if not message or not message.steps or not message.steps[1] then
    return
  end
  local chat_window = require('dingbridge.chat_window')
  local buffer, row = chat_window.row_of(session, message.id)
  local number = vim.api.nvim_win_get_cursor(0)[1] - 1 - row
  local step = message.steps[number]
  if step and buffer then
    local heading = chat_window.view_of(session).marks[message.id]
    return step, { buffer = buffer, heading = heading, row = row, steps = message.steps, number = number }
  end
end

--- Shows the detail of the step under the cursor below it, or hides it.
---@return boolean done whether there is a step
function M.toggle()
  local step, place = under_cursor()
  if not step or not place then
    return false
  end
  if (step.detail or '') == '' then
    require('dingbridge.notice').show(say('step_without_detail'))
    return true
  end
  local buffer, heading, number = place.buffer, place.heading, place.number
  if not shown[buffer] then
    shown[buffer] = {}
    vim.api.nvim_create_autocmd('BufWipeout', {
      buffer = buffer,
      callback = function()
        shown[buffer] = nil
      end,
    })
  end
  shown[buffer][heading] = shown[buffer][heading] or {}
  shown[buffer][heading][number] = not shown[buffer][heading][number] or nil
  M.draw(buffer, heading, place.row, place.steps, number, number)
  return true
end

--- Shows all of the detail of the step under the cursor in a window of its own.
---@return boolean done whether there is a step with a detail
function M.show()
  local step = under_cursor()
  if not step or (step.detail or '') == '' then
    return false
  end
  local lines = vim.split(step.detail, '\n', { plain = true })
  vim.lsp.util.open_floating_preview(lines, 'markdown', {
    focus_id = 'dingbridge_step',
    border = 'rounded',
    max_width = math.max(20, vim.o.columns - 4),
    max_height = math.max(5, vim.o.lines - 6),
  })
  return true
end

return M
