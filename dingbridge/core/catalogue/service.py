"""What is said about the Neovims that work together, and about dingbridge itself."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NO_SOCKET = Sentence("the local socket could not be opened ({reason})")
FOLDER_MISSING = Sentence("the folder {folder} is not there, so no socket is opened in it")
FOLDER_NO_FOLDER = Sentence("the folder {folder} is a link or a file, so no socket is opened in it")
FOLDER_OF_ANOTHER = Sentence(
    "the folder {folder} belongs to another user, so no socket is opened in it"
)
FOLDER_OPEN = Sentence("the folder {folder} is open to other users, so no socket is opened in it")
REMOVE_FOLDER = Sentence(
    "Remove {folder}, or set XDG_RUNTIME_DIR to a folder that only you can open."
)
NO_SOCKETS = Sentence("the system gives no sockets ({reason})")
UNEXPECTED = Sentence("unexpected {error}; see :Chat log")
NO_SETTINGS = Sentence("the editor sent no settings")
RESTART = Sentence("restart Neovim")
LOG_NOT_WRITTEN = Sentence(
    "the log file {path} cannot be written ({reason}); it goes on without one"
)
SETTINGS_WAIT = Sentence("the settings wait for {names}")
SETTINGS_WAIT_FILE = Sentence("the settings wait for the env_file")
CANNOT_USE = Sentence("cannot use {name}: {reason}")
UNKNOWN_EVENT = Sentence("the editor sent something unknown: {name}")
UNUSABLE_EVENT = Sentence("{name} was called with something it cannot use: {reason}")
NOBODY_CAN_ATTACH = Sentence("other Neovims cannot attach: {reason}")
OWNER_GONE = Sentence("the Neovim that held the link is gone")
FOLDER_UNWRITABLE = Sentence("{path} cannot be written ({reason}), so nothing is sent or received")
LET_WRITE = Sentence("Let your user write there; it goes on by itself then.")
TAKES_OVER = Sentence("another editor takes over")
