--- Paths of files: resolved, and relative to a folder.

local M = {}

--- The path with links resolved, also of a file that does not exist yet.
---@param path string
---@return string
function M.real(path)
  local found = vim.uv.fs_realpath(path)
  if not found then
    local folder = vim.uv.fs_realpath(vim.fs.dirname(path))
    found = folder and vim.fs.joinpath(folder, vim.fs.basename(path)) or path
  end
  return vim.fs.normalize(found, { expand_env = false })
end

--- The path relative to the folder, or nil for one outside of it.
---@param path string
---@param cwd string
---@return string|nil
function M.below(path, cwd)
  if cwd == '' then
    return nil
  end
  local folder = M.real(cwd)
  folder = vim.endswith(folder, '/') and folder or folder .. '/'
  path = M.real(path)
  return vim.startswith(path, folder) and path:sub(#folder + 1) or nil
end

return M
