--- The requests for approval that wait: the list, and how the user chooses one and answers it.

local bars = require('dingbridge.bars')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')
local state = require('dingbridge.state')
local window = require('dingbridge.approval_window')

local M = {}

local PROMPTS = { approve = 'choose_approve', reject = 'choose_reject', always = 'choose_always' }
local ANSWERS = {
  approve = 'approval_approve',
  always = 'approval_always',
  reject = 'approval_reject',
  show = 'approval_show',
}

---@class dingbridge.Approval
---@field code string
---@field session string
---@field source string who asks
---@field title string to do what
---@field tool string with which kind of tool
---@field detail string arguments or diff, Markdown
---@field until number Unix seconds
---@field can_always boolean

---@param code string
---@return integer|nil place in the list
local function place_of(code)
  for place, approval in ipairs(state.approvals) do
    if approval.code == code then
      return place
    end
  end
end

--- A request waits.
---@param approval dingbridge.Approval
function M.add(approval)
  local place = place_of(approval.code) or #state.approvals + 1
  state.approvals[place] = approval
  window.refresh()
  bars.refresh()
end

--- A request waits no more.
---@param closed { code: string, words: string }
function M.close(closed)
  local place = place_of(closed.code)
  if place then
    table.remove(state.approvals, place)
    notice.show(closed.words)
    window.refresh()
    bars.refresh()
  end
end

--- No request waits any more: the service that asked is gone.
function M.forget()
  state.approvals = {}
  window.refresh()
end

--- Answers a request.
---@param command 'approve'|'reject'|'always'
---@param code string
function M.answer(command, code)
  -- `:Chat` may belong to another plugin.
  vim.api.nvim_cmd({ cmd = 'DingTalk', args = { command .. ' ' .. code } }, {})
end

---@param approval dingbridge.Approval
---@return string
local function line(approval)
  return ('%s  %s: %s'):format(approval.code, approval.source, approval.title)
end

--- Asks what to do with a request.
---@param approval dingbridge.Approval
local function choose_answer(approval)
  local answers = { 'approve', 'always', 'reject', 'show' }
  if not approval.can_always then
    table.remove(answers, 2)
  end
  vim.ui.select(answers, {
    prompt = line(approval),
    kind = 'dingbridge_approval',
    format_item = function(answer)
      return say(ANSWERS[answer], { tool = approval.tool })
    end,
  }, function(answer)
    if answer == 'show' then
      window.enter(approval)
    elseif answer then
      M.answer(answer, approval.code)
    end
  end)
end

--- Lets the user choose among the requests, then runs the command; `approve` asks what to do first.
--- Later updates do not wait.
---@param update { command: 'approve'|'reject'|'always' }
function M.choose(update)
  local command = update.command
  local function go_on(approval)
    if approval and command == 'approve' then
      choose_answer(approval)
    elseif approval then
      M.answer(command, approval.code)
    end
  end
  vim.schedule(function()
    if command == 'approve' and #state.approvals == 1 then
      go_on(state.approvals[1])
      return
    end
    vim.ui.select(vim.list_slice(state.approvals), {
      prompt = say(PROMPTS[command]),
      kind = 'dingbridge_approval',
      format_item = line,
    }, go_on)
  end)
end

return M
