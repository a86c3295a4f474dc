--- Reads the few forms of web address that options take; the twin of `core/addresses.py`.

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

return M
