--- Completes the arguments of `:Chat` and `:DingTalk` from the declared commands.

local generated = require('dingbridge.generated')

local M = {}

---@param candidates string[]
---@param lead string
---@return string[]
local function beginning_with(candidates, lead)
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

--- The rest of each name (which may contain blanks) whose first words are already typed.
---@param names string[]
---@param words string[]
---@param lead string
---@return string[]
local function names_beginning_with(names, words, lead)
  local before = table.concat(words, ' ') .. (#words > 0 and ' ' or '')
  return vim.tbl_map(function(name)
    return name:sub(#before + 1)
  end, beginning_with(names, before .. lead))
end

--- The words between the editor command and the one being completed.
---@param before string the command line up to that word
---@return string[]
local function words_before(before)
  local rest, earliest
  for _, name in ipairs(generated.editor_commands) do
    local start, stop = before:find(name .. '%s+')
    if start and (not earliest or start < earliest) then
      rest, earliest = before:sub(stop + 1), start
    end
  end
  return vim.split(rest or '', '%s+', { trimempty = true })
end

--- Candidates for the word under the cursor, for `nvim_create_user_command`.
---@param arglead string
---@param cmdline string
---@param cursorpos integer bytes before the cursor
---@param known table<string, string[]> what there is, by the completion of a command that takes it
---@return string[]
function M.complete(arglead, cmdline, cursorpos, known)
  local words = words_before(cmdline:sub(1, cursorpos - #arglead))
  if words[1] == 'to' or words[1] == 'rename' then
    local names = known[words[1] == 'to' and 'target' or 'title'] or {}
    return names_beginning_with(names, vim.list_slice(words, 2), arglead)
  elseif #words == 2 and words[2] == generated.platform then
    return beginning_with(known.account or {}, arglead)
  elseif #words == 2 and words[1] == 'pair' then
    return beginning_with({ 'once' }, arglead)
  elseif #words == 1 and words[1] == 'always' then
    return beginning_with(vim.list_extend({ 'off' }, known.approval or {}), arglead)
  elseif #words > 1 then
    return {}
  end
  local names = {}
  for _, command in ipairs(generated.commands) do
    if words[1] == command.name then
      if command.completion == 'platform' then
        return beginning_with({ generated.platform }, arglead)
      elseif command.completion == 'file' then
        return vim.fn.getcompletion(arglead, 'file')
      elseif command.completion == 'extra' then
        return beginning_with(require('dingbridge.install').EXTRAS, arglead)
      elseif command.completion == 'doctor' then
        return beginning_with({ require('dingbridge.doctor').REPORT }, arglead)
      elseif command.completion == 'topic' then
        return beginning_with(require('dingbridge.manual').topics(), arglead)
      end
      return beginning_with(known[command.completion] or {}, arglead)
    end
    if command.name ~= '' then
      names[#names + 1] = command.name
    end
  end
  return #words == 0 and beginning_with(names, arglead) or {}
end

--- The sessions on disk, before a host has reported them.
---@return string[]
local function ids_on_disk()
  local folder = vim.fs.joinpath(vim.fn.stdpath('data'), 'dingbridge', 'sessions')
  local ids = {}
  for name, kind in vim.fs.dir(folder) do
    ids[#ids + 1] = kind == 'file' and name:match('^(.+)%.jsonl$') or nil
  end
  return ids
end

---@param rows { [1]: string, [2]: string }[]
---@return string[]
local function firsts(rows)
  return vim.tbl_map(function(row)
    return row[1]
  end, rows)
end

--- Completion with the data of this editor.
---@param arglead string
---@param cmdline string
---@param cursorpos integer
---@return string[]
function M.line(arglead, cmdline, cursorpos)
  local state = require('dingbridge.state')
  local sessions = vim.tbl_map(function(session)
    return session.id
  end, state.sessions)
  local accounts = vim.tbl_map(function(account)
    return account.account
  end, require('dingbridge').status().accounts)
  local current = state.session(vim.b.dingbridge_session or state.current)
  local known = {
    title = { current and current.title },
    session = require('dingbridge.host').is_running() and sessions or ids_on_disk(),
    account = accounts,
    outbox = vim.list_extend(vim.list_slice(state.outbox.failed), state.outbox.waiting),
    target = require('dingbridge.destination').names(vim.b.dingbridge_session or state.current),
    span = { '30m', '1h', '2h', '8h', 'off' },
    agent = vim.list_extend({ 'off', 'mode', 'model', 'sessions', 'resume' }, generated.agents),
    recallable = state.outbox.recallable,
    asking = {},
    let_in = {},
    approval = vim.tbl_map(function(approval)
      return approval.code
    end, state.approvals),
  }
  for _, of_account in pairs(state.let_in) do
    vim.list_extend(known.asking, firsts(of_account.asking))
    vim.list_extend(known.let_in, firsts(of_account.paired))
  end
  return M.complete(arglead, cmdline, cursorpos, known)
end

return M
