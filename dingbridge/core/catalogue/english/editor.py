"""Sentences of the Lua modules for DingTalk, in English alone."""

from __future__ import annotations

NO_FILE_OPEN = "No file is open in the editor."
UNKNOWN_QUESTION = "The editor does not know this question."
COULD_NOT_ANSWER = "The editor could not answer."
NOT_INSIDE = "The file is not inside the project folder."
TOO_LARGE = "The file is too large to be opened."
IN_COMMAND_LINE = "The editor is in its command-line window; try later."
NO_ROOM = "There is no room for a window in the editor."
