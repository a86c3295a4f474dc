"""The robot's replies to remote commands, and its replies instead of the responder, in English
alone."""

from __future__ import annotations

# --- help and how a command is written ------------------------------------------------------------

NO_COMMANDS = "There is no command that you may use."
COMMANDS = "Commands:"
HELP_LINE = "- `{form}` · {meaning}"
UNKNOWN = "No such command: {command}\n\n`/help` lists the commands"
UNKNOWN_NEAR = "No such command: {command}\n\nDid you mean `/{nearest}`? `/help` lists the commands"
USAGE = "Usage: `{form}`{note}\n\n{meaning}"
USAGE_OF_LINES = "Usage: `{form}` (at most {most} lines)\n\n{meaning}"
NOT_ALLOWED = (
    "You may not use `/{name}`.\n\nYour id: {identity}\n\n"
    "Setting: {setting} (`'{name}'`), or `admins`"
)

# --- sessions -------------------------------------------------------------------------------------

NOTHING_BOUND = "No session is bound."
NONE_FOUND = "No session has “{text}” in its title or folder."
HOW_TO_SWITCH = "/session N switches"
SESSION_BUSY = "{title} · {folder} (busy)"
NONE = "none"
NO_SUCH_SESSION = "There is no such session."
NEW_SESSION = "A new session has begun."
NEW_SESSION_NAMED = "A new session has begun: {title}"
CLEARED = "The session is empty now."
STOPPED = "Stopped."
NOTHING_TO_STOP = "There is nothing to stop."
NO_MESSAGES = "There are no messages yet."
PONG = "pong {digits}"
NOBODY_THERE = "No session is bound at the moment."
PERHAPS_DONE = "This was interrupted while it was carried out; check, and try again."

# --- status and who is who ------------------------------------------------------------------------

STATUS_SESSION = "- Session: {session}"
STATUS_LINK = "- Link: {link}"
STATUS_EDITORS = "- Editors: {editors}"
STATUS_COUNTS = "- Queued: {queued} · Failed: {failed}"
STATUS_PROBLEM = "- Problem: {problem}"
MUTED = "Notices are held back until {time:%m-%d %H:%M}. `/mute off` ends that."
NOT_MUTED = "Notices are sent as usual."
ADMIN = "admin"
MEMBER = "member"
WHO_AM_I = "- Staff id: {staff}\n- senderId: {sender}\n- Role: {role}\n- Commands: {may}"
GROUP = "- Group"
GROUP_NAMED = "- Group · {title}"
SINGLE = "- 1:1"
SINGLE_NAMED = "- 1:1 · {title}"
TARGET = "- Target: {target}"

# --- the editor -----------------------------------------------------------------------------------

ANSWER_UNREADABLE = "The editor's answer cannot be read."
PLACE_MODIFIED = "- {place} (modified)"
FUNCTION = "- Function: {function}"
BRANCH = "- Branch: {branch}"
FILETYPE = "- Type: {filetype}"
NO_DIAGNOSTICS = "No diagnostics."
DIAGNOSTICS = "Diagnostics: {total} (❌ {errors} · ⚠️ {warnings})"
QUICKFIX_EMPTY = "The quickfix list is empty."
QUICKFIX = "Quickfix: {total}"
IN_SECRET_FILES = "- {hidden} in secret files, not shown"
MORE_ITEMS = "- … and {rest} more"
OPENED = "Opened in the editor: {place}"

# --- files, changes and jobs ----------------------------------------------------------------------

CUT = "… too long, cut here"
MORE_OF_FILE = "… there is more: {command}"
NO_CHANGES = "No changes."
NO_CHANGES_IN = "No changes in {path}."
CHANGES = "Changes"
CHANGES_IN = "Changes in {path}"
MORE_LINES = "… and {rest} more lines"
NO_SUCH_JOB = "No such job: {job}"
NO_JOBS = "The settings name no jobs (`jobs`)."
JOBS = "Jobs: {jobs}"
JOB_ENDED = "{sign} {job} ended with status {status}"
JOB_NOT_STARTED = "The job could not be started."
JOB_TOO_LONG = "The job took longer than {seconds:g} s and was stopped."
JOB_STOPPED = "The job was stopped."
OUTSIDE = "This path is not inside the session's project folder."
HIDDEN = "Files that may hold secrets (keys, `.env`, `.git`) are not shown."
NO_PATH = "This is not a path of a file."
NO_FILE = "There is no such file."
NOT_A_FILE = "This is not a regular file (a folder, a device or a pipe)."
BINARY = "This is a binary file; it is not shown."
TOO_FAR = "That line is too far into the file."
FILE_UNREADABLE = "This file cannot be read."
NO_FOLDER = "The session has no project folder that may be shown."
FEWER_LINES = "The file has {count} lines only."
NO_REPOSITORY = "There is no git repository here."
NO_GIT = "git is not installed here."
GIT_FAILED = "git did not succeed (status {status})."
GIT_TOO_SLOW = "git took too long."
ODD_REPOSITORY = "This repository's filters are odd; no diff is shown."

# --- answers of the responder ---------------------------------------------------------------------

SORRY = "Sorry, something went wrong processing your message."
LOST = "Sorry, the service was interrupted and the answer is lost; you may ask again."
CLOSED = "Sorry, the editor was closed before the answer came."
WAITING_WITHDRAWN = "Your messages that waited are withdrawn: {count}."
