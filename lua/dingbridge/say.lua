--- What people read: the sentences of `dingbridge/core/catalogue`, by name, with their parts by name.

--- The sentence with these parts. A `count` of 1 has its own form where the catalogue has one.
---@param name string
---@param parts? table<string, string|number>
---@return string
return function(name, parts)
  local sentences = require('dingbridge.sentences') -- read when something is said for the first time
  parts = parts or {}
  local text = parts.count == 1 and sentences.one[name] or sentences.text[name]
  return (assert(text, name):gsub('{([a-z_]+)}', parts))
end
