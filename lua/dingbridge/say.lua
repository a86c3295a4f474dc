--- The sentences of `dingbridge/core/catalogue`, by name, with named parts, in the user's language.

local MARK = '\2' -- around each part, while it is put in

--- A sentence of a translation. The space between Chinese and a part is left out where the part is
--- Chinese as well.
---@param text string
---@param parts table<string, string|number>
---@return string
local function translated(text, parts)
  local whole = text:gsub('{([a-z_]+)}', function(name)
    return parts[name] and MARK .. parts[name] .. MARK
  end)
  whole = whole:gsub('([\227-\233\239][\128-\191][\128-\191]) \2([\227-\233\239])', '%1%2')
  whole = whole:gsub('([\227-\233\239][\128-\191][\128-\191])\2 ([\227-\233\239])', '%1%2')
  return (whole:gsub(MARK, ''))
end

--- The sentence with these parts. For a `count` of 1, uses the singular form if there is one.
---@param name string
---@param parts? table<string, string|number>
---@return string
return function(name, parts)
  local sentences = require('dingbridge.sentences') -- loaded with the first sentence
  parts = parts or {}
  local translation = require('dingbridge.language').texts()[name]
  if translation then
    return translated(translation, parts)
  end
  local text = parts.count == 1 and sentences.one[name] or sentences.text[name]
  return (assert(text, name):gsub('{([a-z_]+)}', parts))
end
