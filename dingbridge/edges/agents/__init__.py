"""Coding agents as programs: one process for each chat session, spoken to by the Agent Client
Protocol (version 1).

The only package that imports the library `acp`, which takes half a second, so `agent_thread`
imports the other modules when the first agent is asked.
"""
