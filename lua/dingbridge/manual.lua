--- `:Chat help`: the manual, opened at a subcommand or a topic.

local generated = require('dingbridge.generated')
local notice = require('dingbridge.notice')
local say = require('dingbridge.say')

local M = {}

local DOC = vim.fs.joinpath(require('dingbridge.python').FOLDER, 'doc')
local PREFIX = 'dingbridge-'
local OPTION = PREFIX .. 'option-'

local is_checked = false

--- Makes the tags of the manual, if there are none or they are older than it: a manual that was updated
--- without `:helptags` has more. In a folder that cannot be written they stay as they are.
function M.make_tags()
  if is_checked then
    return
  end
  is_checked = true
  local manual = vim.uv.fs_stat(vim.fs.joinpath(DOC, 'dingbridge.txt'))
  local made = vim.uv.fs_stat(vim.fs.joinpath(DOC, 'tags'))
  if manual and (not made or made.mtime.sec < manual.mtime.sec) and vim.uv.fs_access(DOC, 'W') then
    -- Raises if the file itself cannot be written.
    pcall(vim.cmd.helptags, DOC)
  end
end

--- The tags of the manual that begin like this.
---@param lead string
---@return string[]
local function tags(lead)
  M.make_tags()
  return vim.tbl_filter(function(tag)
    return vim.startswith(tag, lead)
  end, vim.fn.getcompletion(lead, 'help'))
end

--- The names of what the keys of the chat do.
---@return string[]
local function actions()
  return vim.tbl_map(function(key)
    return key.name
  end, require('dingbridge.generated_chat').keys)
end

--- What `:Chat help` takes: subcommands, the tags of the manual without their prefix, and what keys do.
---@return string[]
function M.topics()
  local topics = {}
  for _, command in ipairs(generated.commands) do
    topics[#topics + 1] = command.name ~= '' and command.name or nil
  end
  for _, tag in ipairs(tags(PREFIX)) do
    topics[#topics + 1] = tag:sub(#PREFIX + 1)
  end
  for _, action in ipairs(actions()) do
    if not vim.tbl_contains(topics, action) then
      topics[#topics + 1] = action
    end
  end
  return topics
end

--- The tag of a topic; nil without one.
---@param topic string
---@return string|nil
local function tag_of(topic)
  for _, tag in ipairs({ ':Chat-' .. topic, PREFIX .. topic, OPTION .. topic, topic }) do
    if vim.tbl_contains(tags(tag), tag) then
      return tag
    end
  end
  if vim.tbl_contains(actions(), topic) then
    return PREFIX .. 'keys'
  end
end

--- Opens the manual: at the topic, else at the chapter about the window that the user is in.
---@param topic string
function M.open(topic)
  if topic == '' then
    local of_window = { ['dingbridge-report'] = PREFIX .. 'report', help = 'dingbridge' }
    topic = vim.b.dingbridge_session and PREFIX .. 'editor' or of_window[vim.bo.filetype] or 'dingbridge'
  end
  local tag = tag_of(topic)
  if tag then
    vim.cmd.help({ tag })
  else
    notice.show(say('no_help', { topic = topic }), 'error')
  end
end

return M
