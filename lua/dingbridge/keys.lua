--- Maps the keys of the chat's buffers: those that are declared, as the option `keys` changes them.

local buffers = require('dingbridge.buffers')
local declared = require('dingbridge.generated_chat').keys
local language = require('dingbridge.language')

local M = {}

--- What the keys do, by name. One that returns false has nothing to do here: the key does what it
--- does in other buffers.
---@type table<string, fun(session: string): boolean|nil>
local ACTIONS = {
  help = function()
    require('dingbridge.key_list').show()
  end,
  hide = function(session)
    require('dingbridge.chat_focus').hide(session)
  end,
  switch = function(session)
    require('dingbridge.chat_focus').switch(session)
  end,
  write = function(session)
    require('dingbridge.chat_focus').write(session)
  end,
  next = function()
    require('dingbridge.message_motion').next()
  end,
  previous = function()
    require('dingbridge.message_motion').previous()
  end,
  reply = function(session)
    require('dingbridge.message_actions').reply(session)
  end,
  yank_code = function()
    require('dingbridge.message_actions').yank_code()
  end,
  retry = function(session)
    require('dingbridge.message_actions').retry(session)
  end,
  recall = function(session)
    require('dingbridge.message_actions').recall(session)
  end,
  open = function()
    require('dingbridge.link_actions').open()
  end,
  show = function()
    require('dingbridge.link_actions').show()
  end,
  fold = function()
    return require('dingbridge.turn_steps').toggle()
  end,
  go_to_file = function()
    require('dingbridge.link_actions').go_to_file()
  end,
  choose = function(session)
    require('dingbridge.destination_choice').pick(session)
  end,
  answer = function(session)
    require('dingbridge.destination_choice').answer(session)
  end,
  earlier_text = function(session)
    return require('dingbridge.draft_history').step(session, 1)
  end,
  later_text = function(session)
    return require('dingbridge.draft_history').step(session, -1)
  end,
}

--- The keys of an action: the user's one, none, or the declared ones.
---@param key dingbridge.Key
---@return string[]
function M.of(key)
  local given = require('dingbridge').keys()[key.name]
  if given == false then
    return {}
  end
  local text = type(given) == 'string' and vim.trim(given) or ''
  return text ~= '' and { text } or key.defaults
end

--- The first key of an action, or nil.
---@param name string
---@return string|nil
function M.first(name)
  for _, key in ipairs(declared) do
    if key.name == name then
      return M.of(key)[1]
    end
  end
end

--- The actions of a buffer.
---@param part dingbridge.Part
---@return dingbridge.Key[]
function M.declared(part)
  return vim.tbl_filter(function(key)
    return vim.tbl_contains(key.buffers, part)
  end, declared)
end

--- The function of a mapping.
---@param key dingbridge.Key
---@param session string
---@param pressed string the key that leads to it
---@return fun()
local function run(key, session, pressed)
  local act = ACTIONS[key.name]
  return function()
    if act(session) == false then
      vim.api.nvim_feedkeys(vim.keycode(pressed), 'ni', false)
    end
  end
end

--- Maps a key in all its modes. `vim.keymap.set` would take several times as long.
---@param buffer integer
---@param key dingbridge.Key
---@param session string
---@param pressed string
---@param from string the left side of the mapping
local function map(buffer, key, session, pressed, from)
  local options = {
    callback = run(key, session, pressed),
    desc = language.phrase('keys', key.name, key.meaning),
    noremap = true,
    nowait = true,
  }
  for mode in key.modes:gmatch('.') do
    vim.api.nvim_buf_set_keymap(buffer, mode, from, '', options)
  end
end

---@param buffer integer
---@param mapped { [1]: string, [2]: string }[] modes and key
local function unmap(buffer, mapped)
  for _, one in ipairs(mapped) do
    for mode in one[1]:gmatch('.') do
      -- The user may have unmapped it.
      pcall(vim.keymap.del, mode, one[2], { buffer = buffer })
    end
  end
end

--- Maps the keys of a chat's buffer, and unmaps those of an earlier `setup()`. Does nothing if the
--- settings are the same.
---@param buffer integer
function M.map(buffer)
  local given, before = require('dingbridge').keys(), vim.b[buffer].dingbridge_keys
  if before and vim.deep_equal(before.given, given) then
    return
  end
  unmap(buffer, before and before.mapped or {})
  local part, session = buffers.of(buffer)
  local mapped = {}
  for _, key in ipairs(M.declared(part)) do
    map(buffer, key, session, key.defaults[1], key.plug)
    for _, pressed in ipairs(M.of(key)) do
      map(buffer, key, session, pressed, pressed)
      mapped[#mapped + 1] = { key.modes, pressed }
    end
  end
  vim.b[buffer].dingbridge_keys = { given = given, mapped = mapped }
end

return M
