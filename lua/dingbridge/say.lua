--- The sentences of `dingbridge/core/catalogue`, by name, with named parts, in the user's language.

--- The sentence with these parts. For a `count` of 1, uses the singular form if there is one.
---@param name string
---@param parts? table<string, string|number>
---@return string
return function(name, parts)
  local sentences = require('dingbridge.sentences') -- loaded with the first sentence
  parts = parts or {}
  local text = require('dingbridge.language').texts()[name]
    or parts.count == 1 and sentences.one[name]
    or sentences.text[name]
  return (assert(text, name):gsub('{([a-z_]+)}', parts))
end
