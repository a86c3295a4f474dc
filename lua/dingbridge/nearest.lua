--- Finds the known name nearest to a misspelt one.

---@param a string
---@param b string
---@param a_from integer
---@param a_to integer
---@param b_from integer
---@param b_to integer
---@return integer characters in the blocks that both have in common
local function matches(a, b, a_from, a_to, b_from, b_to)
  local best, a_best, b_best = 0, a_from, b_from
  local ending = {}
  for i = a_from, a_to do
    local now, byte = {}, a:byte(i)
    for j = b_from, b_to do
      if b:byte(j) == byte then
        local size = (ending[j - 1] or 0) + 1
        now[j] = size
        if size > best then
          best, a_best, b_best = size, i - size + 1, j - size + 1
        end
      end
    end
    ending = now
  end
  if best == 0 then
    return 0
  end
  return best
    + matches(a, b, a_from, a_best - 1, b_from, b_best - 1)
    + matches(a, b, a_best + best, a_to, b_best + best, b_to)
end

--- The known name nearest to `word`, as Python's `difflib.get_close_matches` finds it; nil if none is
--- near.
---@param word string
---@param known string[]
---@return string?
local function nearest(word, known)
  local best, score
  for _, name in ipairs(known) do
    local length = #name + #word
    if 2 * math.min(#name, #word) / length >= 0.6 then
      local ratio = 2 * matches(name, word, 1, #name, 1, #word) / length
      if ratio >= 0.6 and (not score or ratio > score or (ratio == score and name > best)) then
        best, score = name, ratio
      end
    end
  end
  return best
end

return nearest
