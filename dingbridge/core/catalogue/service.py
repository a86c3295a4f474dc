"""Sentences about the background service, and about dingbridge itself."""

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
UNEXPECTED = Sentence("unexpected {error}; look for {reference} in :Chat log")
NO_SETTINGS = Sentence("the editor sent no settings")
RESTART = Sentence("restart Neovim")
LOG_NOT_WRITTEN = Sentence(
    "the log file {path} cannot be written ({reason}); it goes on without one"
)
SETTINGS_WAIT = Sentence("the settings wait for {names}")
SETTINGS_WAIT_FILE = Sentence("the settings wait for the env_file")
CANNOT_USE = Sentence("cannot use {name}: {reason}")
NOT_SAVED = Sentence("{name} cannot be written ({reason}): what is new is not saved yet")
UNKNOWN_EVENT = Sentence("the editor sent something unknown: {name}")
UNUSABLE_EVENT = Sentence("{name} was called with something it cannot use: {reason}")
FOLDER_UNWRITABLE = Sentence("{path} cannot be written ({reason}), so nothing is sent or received")
LET_WRITE = Sentence("Let your user write there; dingbridge goes on then.")
ROBOT_HELD = Sentence(
    "this robot is held by the service of another data folder (process {pid}, {data}); it is taken "
    "once that one has ended"
)
ROBOT_HELD_BY_OLD = Sentence(
    "this robot is held by a Neovim that runs dingbridge 0.1 (process {pid}); it is taken once "
    "that Neovim is left"
)
ROBOT_HELD_BY_SERVICE = Sentence(
    "this robot is held by the service (process {pid}), which does not answer"
)
ROBOT_HELD_BY_NOTIFY = Sentence(
    "this robot is held by dingbridge notify (process {pid}); it is taken once that has sent its "
    "message"
)
ROBOT_HELD_BY_UNKNOWN = Sentence(
    "this robot is held by a process that is not known here; it is taken once that one has ended"
)
FATE_NOT_TOLD = Sentence("the service has not told what became of the message")
SERVICE_CANNOT_START = Sentence("the service cannot start: {words}")
SERVICE_ENDS_AT_ONCE = Sentence("the service cannot start: it ends at once and says nothing")
SERVICE_UNFIT = Sentence("the service that runs is of another version ({version})")
SERVICE_ANSWERS = Sentence(
    "service: process {pid}, version {version}, since {since:%Y-%m-%d %H:%M}; "
    "attached Neovims: {count}"
)
SERVICE_STARTS = Sentence("service: it is being started")
SERVICE_SILENT = Sentence("the service does not answer since {seconds:.0f} s (process {pid})")
RESTART_SERVICE = Sentence(":Chat service restart ends it and starts the next one")
SERVICE_STOPPED = Sentence(
    "the service was stopped; the next command that needs it starts it again"
)
SERVICE_RESTARTS = Sentence("the service is being restarted")
SERVICE_NOT_RUNNING = Sentence("service: it does not run; the next command that needs it starts it")
UNKNOWN_ACTION = Sentence("unknown action {action}")
KNOWN_ACTIONS = Sentence("valid: stop, restart")
PERHAPS_NOT_CARRIED_OUT = Sentence(
    "the service ended meanwhile: :Chat {command} may not have been carried out"
)
EARLIER_NOT_SENT = Sentence("a message of an earlier Neovim was not sent: “{text}”")
LEFT_TOO_LATE = Sentence(
    "messages of an earlier Neovim were not sent, for a day has passed ({count}): {path} has them;"
    " delete it when you are done"
)
LEFT_OTHER_SETTINGS = Sentence(
    "messages of an earlier Neovim were not sent, for the settings are others now ({count}): {path}"
    " has them; delete it when you are done"
)
