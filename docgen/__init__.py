"""Writes what is generated for the reader: tables of the documents, and `:help` from the documents.

`python -m docgen` (`make doc`) rewrites the generated files, `--check` lists the stale ones.
"""
