--- Checks what a text in the table given to `setup()` says.

local generated = require('dingbridge.generated')

local M = {}

--- Whether a text is an example that was not replaced, such as `YOUR_APP_KEY`.
---@param text string
---@return boolean
function M.is_placeholder(text)
  local lower = text:lower()
  return generated.placeholders[(lower:gsub('-', '_'))] == true
    or lower:gsub('^ding', ''):find('^xxx+$') ~= nil
    or text:find('^<[%a _-]+>$') ~= nil
end

---@param hour string?
---@param minute string?
---@return boolean
local function is_time(hour, minute)
  return hour ~= nil and tonumber(hour) * 60 + tonumber(minute) <= 24 * 60
end

--- Whether a text names hours, such as `22:00-08:00`.
---@param text string
---@return boolean
local function are_hours(text)
  local hour, minute, until_hour, until_minute = text:match('^(%d%d?):([0-5]%d)%-(%d%d?):([0-5]%d)$')
  return is_time(hour, minute) and is_time(until_hour, until_minute)
end

--- Whether a text is among the values that an option takes.
---@param option dingbridge.Option
---@param text string
---@return boolean
function M.fits(option, text)
  if option.kind == 'hours of the day' then
    return are_hours(text)
  end
  return not option.choices or vim.tbl_contains(option.choices, text)
end

return M
