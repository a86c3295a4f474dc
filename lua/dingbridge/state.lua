--- The state of the bridge in this editor: tables that the updates fill and all other modules read.

---@class dingbridge.Message
---@field id string
---@field role 'editor'|'dingtalk'|'responder'|'notice'
---@field author string
---@field text string
---@field time number Unix seconds
---@field delivery ''|'unsaved'|'queued'|'sending'|'retrying'|'sent'|'failed'|'recalled'
---@field reason string why it failed or waits
---@field target string address of the conversation that it came from or goes to; empty: it stays here
---@field target_name string which conversation that is
---@field robot string who speaks there
---@field steps? dingbridge.Step[] what an agent did for this answer
---@field is_live? boolean whether an agent is still working on it

---@class dingbridge.Step
---@field kind string `thought`, `plan`, or the kind of a tool such as `edit`
---@field title string one line
---@field state 'pending'|'running'|'done'|'failed'
---@field detail? string
---@field approval? string code of the approval that it waits for

--- A transcript: earlier parts, the lowest one first; the rest, with new messages at its end; all
--- messages by id; whether the service has more above, and whether everything was here once.
---@alias dingbridge.Transcript { above: dingbridge.Message[][], list: dingbridge.Message[], by_id: table<string, dingbridge.Message>, more: boolean, is_whole: boolean }

---@class dingbridge.Session
---@field id string
---@field title string
---@field created number Unix seconds
---@field bound boolean
---@field unread integer only in what `sessions()` returns

---@class dingbridge.AccountStatus
---@field account string
---@field mode 'off'|'webhook'|'api'
---@field connected boolean
---@field session string
---@field link 'off'|'connecting'|'connected'|'waiting'
---@field queued integer
---@field failed integer

---@class dingbridge.Status
---@field mode 'off'|'webhook'|'api'|'unknown' unknown only before the service has read the settings
---@field connected boolean
---@field account string
---@field session string the bound session, or empty
---@field owner string always empty, for those who read it
---@field link 'off'|'connecting'|'connected'|'waiting'
---@field target string where the bound session's messages go, in words
---@field queued integer
---@field failed integer
---@field refused integer messages of people who are not allowed
---@field asking integer people and groups that ask for access
---@field approvals integer requests of agents that wait for an answer
---@field unread integer messages that nobody has seen yet, in all sessions
---@field last_error string
---@field cool_down_until number Unix seconds until which nothing leaves, or 0
---@field cool_down string why
---@field quota string the month's use, in words
---@field accounts dingbridge.AccountStatus[] each account's own, by the same names

local by_id = require('dingbridge.by_id')

local M = {
  ---@type dingbridge.Session[]
  sessions = {},
  ---@type table<string, dingbridge.Transcript>
  transcripts = {},
  ---@type dingbridge.Status|nil
  status = nil,
  ---@type integer|nil window in which the user gave the latest command: its report may take the focus if they stay
  asked_in = nil,
  ---@type table<string, dingbridge.Unread> by session; none without unread messages
  unread = {},
  --- The conversations of each session, and the one for new texts.
  ---@type table<string, { account: string, robot: string, current: dingbridge.Destination, chosen: boolean, known: dingbridge.Destination[] }>
  destinations = {},
  --- Ids for commands: the latest messages that failed, that wait and that can be recalled, newest first.
  ---@type { failed: string[], waiting: string[], recallable: string[] }
  outbox = { failed = {}, waiting = {}, recallable = {} },
  --- Whether the service that is attached has reported its outbox.
  knows_outbox = false,
  --- Open access requests and pairings by account: the argument for commands, and the name.
  ---@type table<string, { asking: { [1]: string, [2]: string }[], paired: { [1]: string, [2]: string }[] }>
  let_in = {},
  --- The requests for approval that wait, the oldest first.
  ---@type dingbridge.Approval[]
  approvals = {},
  --- A message to show, once its session is filled up to there.
  ---@type dingbridge.Jump|nil
  jump = nil,
  --- Whether the service was attached and is gone.
  service_gone = false,
  --- The session that the user viewed last.
  current = '',
  --- The session that the service uses if none was viewed.
  unshown = '',
  --- The session that a command has opened, before the service opens it.
  ---@type string|nil
  opened_early = nil,
  --- How many sessions the service has opened here, so that it knows which ones we do not show yet.
  opened = 0,
}

---@param id string
---@return dingbridge.Session|nil
function M.session(id)
  for _, session in ipairs(M.sessions) do
    if session.id == id then
      return session
    end
  end
end

--- How many messages are unread, in a session or in all of them.
---@param id? string
---@return integer
function M.count_unread(id)
  local count = 0
  for session, unread in pairs(M.unread) do
    count = count + ((not id or id == session) and unread.count or 0)
  end
  return count
end

---@param id string
---@return dingbridge.Transcript
local function transcript_of(id)
  if not M.transcripts[id] then
    M.transcripts[id] = { above = {}, list = {}, by_id = by_id.new(), more = false, is_whole = false }
  end
  return M.transcripts[id]
end

--- A message of a session.
---@param id string
---@param message string its id
---@return dingbridge.Message|nil
function M.message(id, message)
  local transcript = M.transcripts[id]
  return transcript and transcript.by_id[message]
end

--- All messages of a session, in order.
---@param id string
---@return dingbridge.Message[]
function M.messages(id)
  local transcript, all = M.transcripts[id], {}
  for number = transcript and #transcript.above or 0, 1, -1 do
    vim.list_extend(all, transcript.above[number])
  end
  return vim.list_extend(all, transcript and transcript.list or {})
end

--- Adds messages at the end.
---@param id string
---@param messages dingbridge.Message[]
function M.add(id, messages)
  local transcript = transcript_of(id)
  for _, message in ipairs(messages) do
    transcript.list[#transcript.list + 1] = message
    transcript.by_id[message.id] = message
  end
end

--- Adds messages above all others.
---@param id string
---@param messages dingbridge.Message[]
---@param more boolean whether more stands above them
function M.add_above(id, messages, more)
  local transcript = transcript_of(id)
  if messages[1] then
    table.insert(transcript.above, messages)
  end
  for _, message in ipairs(messages) do
    transcript.by_id[message.id] = message
  end
  M.goes_on(id, more)
end

--- Removes messages, wherever they are.
---@param id string
---@param messages dingbridge.Message[]
function M.take_out(id, messages)
  local transcript = M.transcripts[id]
  for _, message in ipairs(messages) do
    transcript.by_id[message.id] = nil
  end
  local function stays(message)
    return transcript.by_id[message.id] ~= nil
  end
  transcript.list = vim.tbl_filter(stays, transcript.list)
  for number, part in ipairs(transcript.above) do
    transcript.above[number] = vim.tbl_filter(stays, part)
  end
end

--- Notes whether the service has more messages above.
---@param id string
---@param more boolean
function M.goes_on(id, more)
  local transcript = transcript_of(id)
  transcript.is_whole = transcript.is_whole or not more
  transcript.more = not transcript.is_whole
end

---@param id string
function M.forget(id)
  M.transcripts[id] = nil
  M.destinations[id] = nil
  M.jump = M.jump and M.jump.session ~= id and M.jump or nil
  if M.current == id then
    M.current = ''
  end
end

--- Notes that the user runs a command here.
function M.asked()
  M.asked_in = vim.api.nvim_get_current_win()
end

return M
