"""The background process that owns links, queues and sessions of one data folder."""
