"""One module or folder for each outside thing; all use the values of `core`.

None imports another, except `programs` (to run programs) and `storage.own_files` (to open private
files).
"""
