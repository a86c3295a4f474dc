"""Writes what is generated for the reader: tables of the documents, and `:help` from the documents.

`make doc`, or `python -m docgen` in the folder `doc`, rewrites the generated files; `--check` lists
the stale ones.
"""
