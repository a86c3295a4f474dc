--- Sends a notice to the phone when something ends or changes: a terminal's program, a job, `:make`,
--- a quickfix list, diagnostics. One for each event; the service holds it back while the user is here.

local say = require('dingbridge.say')

local M = {}

local SETTLES_WITHIN = 2000 -- milliseconds in which further changes of diagnostics are one event
local LOOK_EVERY = 1000 -- milliseconds between two looks at a job

---@class dingbridge.Watch
---@field on 'job'|'terminal'|'quickfix'|'diagnostic'
---@field match? string Lua pattern for the command, or for the file's path
---@field to? string address `dingtalk:…`; the configured target when not given
---@field job? integer id of a job (`jobstart()`), for `on = 'job'`; `:make` when not given
---@field buffer? integer of a terminal, for `on = 'terminal'`; any when not given
---@field once? boolean whether it ends with the first event

local watches = {} ---@type table<integer, fun()> what ends each of them
local counter = 0
local began = {} ---@type table<string|integer, number> when a command or a terminal began, of `vim.uv.now()`

---@param name string of what has begun: a command, or a terminal's buffer
---@return string span empty when unknown
local function span_of(name)
  local start = began[name]
  if not start then
    return ''
  end
  local seconds = math.floor((vim.uv.now() - start) / 1000)
  if seconds < 60 then
    return say('after_seconds', { seconds = seconds })
  elseif seconds < 3600 then
    return say('after_minutes', { minutes = math.floor(seconds / 60) })
  end
  return say('after_hours', { hours = math.floor(seconds / 3600), minutes = math.floor(seconds / 60) % 60 })
end

--- A name as data: without what would be markup.
---@param text string
---@return string
local function plain(text)
  return '`' .. text:gsub('[`%c]', ' '):sub(1, 200) .. '`'
end

---@param watch dingbridge.Watch
---@param name string what has ended
---@param is_well boolean|nil nil: nobody knows
---@param more string further words
local function send(watch, name, is_well, more)
  local id = require('dingbridge.drafts').new_id()
  local sign = is_well == nil and '•' or is_well and '✓' or '✗'
  local folder = vim.fs.basename(vim.fn.getcwd())
  require('dingbridge.host').tell('notify', {
    id = id,
    title = ('%s %s'):format(sign, name:gsub('%c', ' '):sub(1, 40)),
    text = say('watched', { sign = sign, name = plain(name), folder = plain(folder), more = more }),
    target = watch.to,
    when_away = true,
  })
end

---@param text string
---@param watch dingbridge.Watch
local function matches(text, watch)
  return not watch.match or text:find(watch.match) ~= nil
end

--- The command of a terminal.
---@param buffer integer
---@return string
local function command_of(buffer)
  return (vim.api.nvim_buf_get_name(buffer):gsub('^term://.-//%d+:', ''))
end

---@param count integer of entries of the quickfix list that are errors
---@param span string
local function found(count, span)
  return vim.trim(say('found_entries', { count = count }) .. ' ' .. span)
end

--- What each kind listens to: event, and what makes of it name, result and words; nil for an event that
--- is none of this watch.
---@type table<string, fun(watch: dingbridge.Watch, group: integer, event: fun(name: string, is_well: boolean|nil, more: string))>
local LISTEN = {
  terminal = function(watch, group, event)
    vim.api.nvim_create_autocmd('TermClose', {
      group = group,
      buffer = watch.buffer,
      callback = function(args)
        local name, status = command_of(args.buf), vim.v.event.status
        if matches(name, watch) then
          local more = status == 0 and say('finished') or say('failed_with', { status = status })
          event(name, status == 0, vim.trim(more .. ' ' .. span_of(args.buf)))
        end
      end,
    })
  end,
  quickfix = function(watch, group, event)
    vim.api.nvim_create_autocmd('QuickFixCmdPost', {
      group = group,
      callback = function(args)
        if matches(args.match, watch) then
          local list = args.match:find('^l') and vim.fn.getloclist(0) or vim.fn.getqflist()
          event(args.match, true, found(#list, span_of(args.match)))
        end
      end,
    })
  end,
  job = function(watch, group, event)
    if watch.job then
      local start, timer = vim.uv.now(), assert(vim.uv.new_timer())
      began[-watch.job] = start
      local function look()
        local status = vim.fn.jobwait({ watch.job }, 0)[1]
        if status == -1 or status == -2 or timer:is_closing() then
          return -- it runs, or the look was interrupted
        end
        timer:close()
        local is_well = status == 0 ---@type boolean|nil
        local more = say('failed_with', { status = status })
        if status < 0 then
          -- Neovim has forgotten the job, and with it how it ended.
          is_well, more = nil, say('job_ended')
        elseif is_well then
          more = say('finished')
        end
        event(('job %d'):format(watch.job), is_well, vim.trim(more .. ' ' .. span_of(-watch.job)))
      end
      timer:start(0, LOOK_EVERY, vim.schedule_wrap(look))
      return
    end
    vim.api.nvim_create_autocmd('QuickFixCmdPost', {
      group = group,
      pattern = { 'make', 'lmake' },
      callback = function(args)
        local list = args.match == 'lmake' and vim.fn.getloclist(0) or vim.fn.getqflist()
        local errors = vim.tbl_filter(function(entry)
          return entry.valid == 1 and entry.type:upper() ~= 'W'
        end, list)
        local program = vim.o.makeprg
        if matches(program, watch) then
          local is_well = vim.v.shell_error == 0 and #errors == 0
          local more = is_well and say('finished') or found(#errors, '')
          event(program, is_well, vim.trim(more .. ' ' .. span_of(args.match)))
        end
      end,
    })
  end,
  diagnostic = function(watch, group, event)
    local last, waiting = {}, {} ---@type table<integer, integer>, table<integer, true>
    for _, one in ipairs(vim.diagnostic.get(nil, { severity = vim.diagnostic.severity.ERROR })) do
      last[one.bufnr] = (last[one.bufnr] or 0) + 1
    end
    local function settled(buffer)
      waiting[buffer] = nil
      if not vim.api.nvim_buf_is_valid(buffer) then
        return
      end
      local count = #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR })
      local before = last[buffer] or 0
      last[buffer] = count
      if count ~= before then
        local path = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':.')
        event(path, count == 0, say('errors_now', { count = count, before = before }))
      end
    end
    vim.api.nvim_create_autocmd('DiagnosticChanged', {
      group = group,
      callback = function(args)
        if not waiting[args.buf] and matches(args.file, watch) then
          waiting[args.buf] = true
          vim.defer_fn(function()
            settled(args.buf)
          end, M.SETTLES_WITHIN or SETTLES_WITHIN)
        end
      end,
    })
  end,
}

--- Notes when commands and terminals begin, from the first watch on.
local function note_starts()
  local group = vim.api.nvim_create_augroup('dingbridge_watch_starts', {})
  vim.api.nvim_create_autocmd('TermOpen', {
    group = group,
    callback = function(args)
      began[args.buf] = vim.uv.now()
    end,
  })
  vim.api.nvim_create_autocmd('QuickFixCmdPre', {
    group = group,
    callback = function(args)
      began[args.match] = vim.uv.now()
    end,
  })
end

--- Tells the phone of these events from now on.
---@param watch dingbridge.Watch
---@return integer id for `unwatch`
function M.watch(watch)
  local problem = require('dingbridge.watch_options')(watch)
  if problem then
    error(problem, 2)
  end
  if counter == 0 then
    note_starts()
  end
  counter = counter + 1
  local id = counter
  local group = vim.api.nvim_create_augroup(('dingbridge_watch_%d'):format(id), {})
  watches[id] = function()
    vim.api.nvim_del_augroup_by_id(group)
  end
  LISTEN[watch.on](watch, group, function(name, is_well, more)
    if not watches[id] then
      return
    end
    if watch.once then
      M.unwatch(id)
    end
    send(watch, name, is_well, more)
  end)
  return id
end

--- Ends a watch.
---@param id integer
function M.unwatch(id)
  local stop = watches[id]
  watches[id] = nil
  if stop then
    stop()
  end
end

--- Whether a program runs in this terminal.
---@param buffer integer
---@return boolean
local function runs_in(buffer)
  local job = vim.bo[buffer].buftype == 'terminal' and vim.b[buffer].terminal_job_id
  return job and vim.fn.jobwait({ job }, 0)[1] == -1 or false
end

--- Tells the phone once when what runs now has ended: the program of this terminal; else the only
--- terminal's; else the next `:make` or terminal.
function M.when_done()
  local notice = require('dingbridge.notice')
  local running = vim.tbl_filter(runs_in, vim.api.nvim_list_bufs())
  local current = vim.api.nvim_get_current_buf()
  local buffer = runs_in(current) and current or (#running == 1 and running[1] or nil)
  if buffer then
    M.watch({ on = 'terminal', buffer = buffer, once = true })
    notice.show(say('told_when_done', { name = command_of(buffer) }), 'info')
    return
  end
  local ids = {}
  for _, kind in ipairs({ 'terminal', 'job' }) do
    ids[#ids + 1] = M.watch({ on = kind, once = true })
  end
  -- The first one that ends is the one that was meant.
  local group = vim.api.nvim_create_augroup('dingbridge_when_done', {})
  vim.api.nvim_create_autocmd({ 'TermClose', 'QuickFixCmdPost' }, {
    group = group,
    callback = function(args)
      if args.event == 'TermClose' or args.match:find('make$') then
        vim.schedule(function()
          vim.tbl_map(M.unwatch, ids)
        end)
        return true
      end
    end,
  })
  notice.show(say('told_when_next_done'), 'info')
end

return M
