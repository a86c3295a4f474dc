--- The keys of a transcript for links: open, show, go to the file.
---
--- Other people wrote the links. Only web and mail addresses, and files of certain types in the folder
--- of received files or the project, are passed to the system; text opens in the editor; anything else
--- is shown but never opened.

local links = require('dingbridge.links')
local message_format = require('dingbridge.message_format')
local message_rows = require('dingbridge.message_rows')
local notice = require('dingbridge.notice')
local show_file = require('dingbridge.show_file')
local paths = require('dingbridge.paths')
local say = require('dingbridge.say')
local system_opener = require('dingbridge.system_opener')

local M = {}

--- Extensions of files that other programs display and nothing executes.
local SHOWN_OUTSIDE = {}
for ending in
  ('png jpg jpeg gif webp bmp heic pdf mp3 amr wav ogg m4a mp4 mov webm docx xlsx pptx zip'):gmatch('%a[%w]*')
do
  SHOWN_OUTSIDE[ending] = true
end

local SAMPLE = 8192 -- bytes in which a text has no NUL

---@return dingbridge.Link|nil
local function under_cursor()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return links.at(vim.api.nvim_get_current_buf(), cursor[1] - 1, cursor[2] + 1)
end

--- Whether the cursor is on a message's heading or on a blank line, where no file is named.
---@return boolean
local function is_beside_text()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local mark = message_rows.mark_at(0, message_format.namespace, row)
  return mark ~= nil and (mark[2] == row or not vim.api.nvim_get_current_line():find('%S'))
end

--- The links of the message under the cursor, on its heading or a blank line; none on another line.
---@return dingbridge.Link[]
local function of_message()
  local buffer, row = vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1] - 1
  local headings = message_format.namespace
  local mark = message_rows.mark_at(buffer, headings, row)
  if not mark or not is_beside_text() then
    return {}
  end
  local found = {}
  for below = mark[2] + 1, message_rows.ends(buffer, headings, mark[2]) - 1 do
    local line = vim.api.nvim_buf_get_lines(buffer, below, below + 1, false)[1] or ''
    for _, link in ipairs(links.find(line)) do
      found[#found + 1] = links.at(buffer, below, link.last)
    end
  end
  return found
end

---@param target string
---@param why string
local function show(target, why)
  notice.show(('%s\n%s'):format(message_format.one_line(target), why), 'warn')
end

---@param target string what is not opened
---@param sentence string the name of what is said of it
local function refuse(target, sentence)
  notice.show(say(sentence, { target = message_format.one_line(target) }), 'warn')
end

--- The file of a target, if it may be opened: in the folder of received files or in the project, to
--- which relative paths refer.
---@param target string
---@return string? path
---@return string? folder that it is in
---@return integer? line
local function file_of(target)
  local path, line = target:match('^(.-):(%d+)$')
  path = path or target
  local folders = { links.media_folder(), vim.fn.getcwd() }
  if not vim.startswith(path, '/') and not path:find('^%a:[/\\]') then
    path = vim.fs.joinpath(folders[2], path)
  end
  for _, folder in ipairs(folders) do
    local real = paths.real(path)
    local found = vim.uv.fs_stat(real)
    if paths.below(real, folder) and found and found.type == 'file' then
      return real, folder, tonumber(line)
    end
  end
end

---@param path string
---@return boolean
local function is_text(path)
  local file = io.open(path, 'rb')
  local sample = file and file:read(SAMPLE) or ''
  if file then
    file:close()
  end
  return not sample:find('%z')
end

---@param path string
---@param folder string
---@param line? integer
local function edit(path, folder, line)
  local shown = show_file.open({ cwd = folder, path = path, line = line })
  if shown.error then
    show(path, shown.error)
    return
  end
  local buffer = vim.fn.bufnr('^' .. vim.fn.escape(path, '[]*?,{}\\') .. '$')
  vim.api.nvim_set_current_win(vim.fn.bufwinid(buffer))
end

--- The link under the cursor, or the nearest one of its line; on a heading or a blank line, the only
--- one of the message. Nil after a notice.
---@return dingbridge.Link|nil
local function here()
  local link = under_cursor()
  local all = link and {} or of_message()
  if #all > 1 then
    notice.show(say('several_links', { count = #all }))
    return
  end
  link = link or all[1]
  if not link then
    notice.show(say('no_link'))
  end
  return link
end

--- Opens the link of `here`.
function M.open()
  if require('dingbridge.turn_steps').toggle() then
    return
  end
  local link = here()
  if not link then
    return
  end
  local target = link.target
  local path, folder, line = file_of(target)
  if links.is_address(target) then
    system_opener.open(target)
  elseif not path or not folder then
    refuse(target, 'not_opened_foreign')
  elseif SHOWN_OUTSIDE[(path:match('%.(%w+)$') or ''):lower()] and not path:find('$', 1, true) then
    system_opener.open(path)
  elseif is_text(path) then
    edit(path, folder, line)
  else
    refuse(path, 'not_opened_program')
  end
end

--- Shows the target of the link on the cursor's line, else what became of the message there.
function M.show()
  if require('dingbridge.turn_steps').show() then
    return
  end
  local link = under_cursor()
  local session, message = require('dingbridge.message_place').under_cursor()
  if link then
    notice.show(message_format.one_line(link.target))
  elseif message then
    notice.show(require('dingbridge.message_details').text(session, message))
  else
    notice.show(say('no_link'))
  end
end

--- Opens the file under the cursor in another window: a link's, or a name in the text; on a heading or
--- a blank line, the message's only link.
function M.go_to_file()
  local column = vim.api.nvim_win_get_cursor(0)[2] + 1
  local is_beside = is_beside_text()
  local link = is_beside and here() or under_cursor()
  local is_on = link and (is_beside or link.first <= column and column <= link.last)
  local target = link and is_on and link.target
  if is_beside and not target then
    return
  elseif not target then
    local name = vim.fn.expand('<cfile>')
    target = vim.api.nvim_get_current_line():match(vim.pesc(name) .. ':%d+') or name
  end
  local path, folder, line = file_of(target)
  if not path or not folder then
    refuse(target, 'not_of_project')
  elseif is_text(path) then
    edit(path, folder, line)
  else
    refuse(path, 'no_text')
  end
end

return M
