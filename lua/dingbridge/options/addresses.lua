--- Reads the few forms of web address that options take; the twin of `core/addresses.py`.

local declared = require('dingbridge.declared')
local values_of = require('dingbridge.options.values')

local M = {}

---@class dingbridge.Address
---@field scheme string
---@field host string
---@field port integer
---@field path string
---@field query string
---@field fragment string
---@field user? string

---@param text string
---@return dingbridge.Address? nil for anything but an http or https address
function M.read(text)
  if text:find('[^!-~]') or text:find('\\', 1, true) then
    return nil
  end
  local scheme, rest = text:match('^(%a+)://(.*)$')
  scheme = scheme and scheme:lower()
  local default_port = ({ http = 80, https = 443 })[scheme]
  if not default_port then
    return nil
  end
  local authority, tail = rest:match('^([^/?#]*)(.*)$')
  local before, fragment = tail:match('^([^#]*)(.*)$')
  local path, query = before:match('^([^?]*)(.*)$')
  local user, place = authority:match('^(.*)@([^@]*)$')
  place = place or authority
  local host, port = place:match('^([%w.-]+)(.*)$')
  if not host then
    host, port = place:match('^(%[[%x:.]+%])(.*)$')
  end
  if not host or (port ~= '' and not port:find('^:%d%d?%d?%d?%d?$')) then
    return nil
  end
  local number = tonumber(port:sub(2)) or default_port
  if number < 1 or number > 65535 then
    return nil
  end
  return {
    scheme = scheme,
    host = host:lower(),
    port = number,
    path = path,
    query = query,
    fragment = fragment,
    user = user,
  }
end

---@param address dingbridge.Address
---@return string
function M.origin(address)
  return ('%s://%s:%d'):format(address.scheme, address.host, address.port)
end

---@param host string
---@return boolean
function M.is_loopback(host)
  return host == 'localhost' or host == '[::1]' or host:find('^127%.%d+%.%d+%.%d+$') ~= nil
end

---@param host string
---@param domains string[]
---@return boolean
function M.is_under(host, domains)
  for _, domain in ipairs(domains) do
    if host == domain or vim.endswith(host, '.' .. domain) then
      return true
    end
  end
  return false
end

--- Lets a webhook stand on the same host as `endpoint`, a sandbox on this machine say.
---@param reading dingbridge.Reading
---@param endpoint string
function M.trust(reading, endpoint)
  local address = M.read(endpoint)
  if address then
    reading.origins[M.origin(address)] = true
  end
end

--- An endpoint or a proxy.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param text string
---@param path string
---@return string?
function M.plain(reading, option, text, path)
  local address = M.read(text)
  local fits = address and address.query == '' and address.fragment == ''
  if address and option.kind == 'proxy address' then
    fits = fits and address.scheme == 'http' and (address.path == '' or address.path == '/')
  elseif address then
    local trusted = address.scheme == 'https' or M.is_loopback(address.host)
    fits = fits and trusted and not address.user
  end
  if not fits then
    reading:say(path, 'must', option.expects)
    return nil
  end
  return (text:gsub('/+$', ''))
end

--- Only a robot's address at DingTalk, or at an endpoint that the user trusts anyway.
---@param reading dingbridge.Reading
---@param option dingbridge.Option
---@param text string
---@param path string
---@return string?
function M.webhook(reading, option, text, path)
  local address = M.read(text)
  if not address or address.fragment ~= '' or address.user then
    return reading:say(path, 'must', option.expects)
  end
  local token
  for _, pair in ipairs(vim.split(address.query:sub(2), '&', { plain = true })) do
    token = token or pair:match('^access_token=(.*)$') or (pair == 'access_token' and '' or nil)
  end
  if not reading.trusts_all and not reading.origins[M.origin(address)] then
    if address.scheme ~= 'https' then
      return reading:say(path, 'https')
    elseif not M.is_under(address.host, declared.domains) then
      return reading:say(path, 'host', address.host)
    end
  end
  if address.path ~= '/robot/send' then
    return reading:say(path, 'path')
  elseif not token or token == '' then
    return reading:say(path, 'token')
  elseif values_of.is_placeholder(token) then
    return reading:say(path, 'placeholder', token, option.belongs)
  end
  return text
end

return M
