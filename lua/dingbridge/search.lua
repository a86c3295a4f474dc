--- The result of a search: a quickfix list whose entries open a session at a message.
---
--- Each entry names a buffer of its own, so that `:cc`, `:cnext` and plugins that show quickfix lists
--- work. Reading such a buffer shows the session in its place.

local message_format = require('dingbridge.message_format')
local say = require('dingbridge.say')

local M = {}

local SCHEME = 'chat-message://'
local LOWEST, HIGHEST = 3, 10 -- lines of the list's window

---@class dingbridge.FoundMessage
---@field session string
---@field title string
---@field message string id
---@field author string
---@field time number Unix seconds
---@field text string the line with the words

---@class dingbridge.Search
---@field words string[]
---@field ignores_case boolean

---@type table<string, { session: string, message: string, search: dingbridge.Search }> by name of the buffer
local places = {}

--- Leaves the window to what it showed before.
---@param window integer
---@param buffer integer the one that stands for a message
---@return boolean done false: the window does not show the buffer, which was read for a preview
local function give_back(window, buffer)
  if not vim.api.nvim_win_is_valid(window) or vim.api.nvim_win_get_buf(window) ~= buffer then
    return false
  end
  local before = vim.api.nvim_win_call(window, function()
    return vim.fn.bufnr('#')
  end)
  local is_kept = before > 0 and before ~= buffer and vim.api.nvim_buf_is_loaded(before)
  -- Neovim split the window of the list for the jump, if every other window was a chat or a terminal.
  if is_kept and vim.bo[before].buftype ~= 'quickfix' then
    vim.api.nvim_win_set_buf(window, before)
  elseif #vim.api.nvim_tabpage_list_wins(0) > 1 then
    vim.api.nvim_win_close(window, true)
  else
    vim.api.nvim_win_call(window, vim.cmd.enew)
  end
  return true
end

---@param event { buf: integer }
local function read(event)
  local place, window = places[vim.api.nvim_buf_get_name(event.buf)], vim.api.nvim_get_current_win()
  vim.bo[event.buf].buftype = 'nofile'
  vim.bo[event.buf].bufhidden = 'unload' -- so that it is read again the next time
  vim.bo[event.buf].buflisted = false
  vim.bo[event.buf].swapfile = false
  if place then
    -- The jump goes on after this.
    vim.schedule(function()
      if give_back(window, event.buf) then
        require('dingbridge.transcript_jump').go(place.session, place.message, place.search)
      end
    end)
  end
end

--- Shows the messages that were found.
---@param found { typed: string, words: string[], ignores_case: boolean, list: dingbridge.FoundMessage[] }
function M.show(found)
  local search = { words = found.words, ignores_case = found.ignores_case }
  local items = {}
  for number, hit in ipairs(found.list) do
    local name = ('%s%s/%s'):format(SCHEME, hit.session, vim.uri_encode(hit.message))
    places[name] = { session = hit.session, message = hit.message, search = search }
    local author, when = message_format.one_line(hit.author), os.date('%Y-%m-%d %H:%M', math.floor(hit.time))
    items[number] = {
      filename = name,
      module = message_format.one_line(hit.title),
      text = ('%s · %s: %s'):format(author, when, message_format.one_line(hit.text)),
      valid = 1,
    }
  end
  vim.api.nvim_create_autocmd('BufReadCmd', {
    group = vim.api.nvim_create_augroup('dingbridge_search', {}),
    pattern = SCHEME .. '*',
    desc = say('shows_found'),
    callback = read,
  })
  vim.fn.setqflist({}, ' ', { title = say('title_search', { words = found.typed }), items = items })
  vim.cmd.copen({ count = math.max(LOWEST, math.min(HIGHEST, #items)), mods = { split = 'botright' } })
end

return M
