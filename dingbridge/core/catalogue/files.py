"""Sentences about files: sent and received ones, and our own."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

LARGER_THAN = Sentence("it is larger than {most}")
DOWNLOAD_STOPPED = Sentence("the download was stopped")
DOWNLOAD_TOO_LONG = Sentence("the download took too long")
DOWNLOAD_TOO_SLOW = Sentence("the download came to a standstill: {amount} in {seconds} s")
DOWNLOAD_FAILED = Sentence("the file could not be fetched (HTTP {status})")
GONE = Sentence("it is not available any more (HTTP {status})")
NOT_FETCHABLE = Sentence("it could not be fetched (HTTP {status})")
DOWNLOAD_BROKE = Sentence("the connection broke before the whole file was here")
UPLOAD_STOPPED = Sentence("the upload was stopped")
UPLOAD_TOO_LONG = Sentence("the upload took longer than {seconds:.0f} s")
UNREADABLE = Sentence("{path} cannot be read: {reason}")
BECAME_SHORTER = Sentence("{path} became shorter while it was sent")
SEND_ONCE_MORE = Sentence("Send it once more.")
NO_WAY_TO_FETCH = Sentence("DingTalk sent no way to fetch it")
NOT_WRITTEN = Sentence("it cannot be written ({reason})")
NAMED_PIPE = Sentence("a named pipe")
NO_FILE = Sentence("it is {kind} and no file")
OF_ANOTHER_USER = Sentence("it belongs to another user")
NO_FOLDER = Sentence("it is {kind} and no folder")
FOLDER_UNSAFE = Sentence("the folder {folder} is not safe: {reason}")
JOURNAL_LOCKED = Sentence(
    "another process keeps it locked, such as a Neovim that runs dingbridge 0.1; end that one"
)
NO_SUCH_FILE = Sentence("no such file")
NOT_SENT_STOPPED = Sentence("{path} was not sent: it was stopped")
NOT_A_FILE = Sentence("{path} is not a file")
SINGLE_FILE = Sentence("Send a single file; put a folder into a zip.")
ONLY_COPIES = Sentence("only copies of the user's own files are sent, and this is none")
COPY_GONE = Sentence("the copy of {name} is gone")
SEND_AGAIN = Sentence("Send the file again.")
LINK_LOST = Sentence("the service has given this robot up")
STATE_SET_ASIDE = Sentence(
    "The state file could not be read ({reason}); it was set aside as {kept} and the bridge "
    "starts clean: bind the session again"
)
STATE_LOCKED = Sentence("another process has kept {name} locked for too long")
END_THAT_PROCESS = Sentence("end it; a Neovim that runs dingbridge 0.1 may be the one")
EXISTS = Sentence("{path} exists already")
OTHER_NAME = Sentence("choose another name, or remove it first")
UNWRITABLE = Sentence("{path} cannot be written: {reason}")
NOT_SAVED = Sentence("{path} was not written: the service ended meanwhile")
NO_TRANSCRIPT = Sentence("{path} is not a transcript")
LOAD_SAVED = Sentence("load a file that `:Chat save` wrote, but not as Markdown")
EMPTY = Sentence("{name} is empty, and DingTalk takes no empty files.")
TOO_LARGE_TO_ZIP = Sentence(
    "{name} is {size}; files above {zipped} are not zipped for DingTalk, which takes up to {most}."
)
NOT_BY_WEBHOOK = Sentence(
    "{name} cannot go through the group robot's webhook: it carries text and links only."
)
SET_APP_KEY = Sentence(
    "Set app_key and app_secret to send files, or put a picture where everybody can fetch it and "
    "send ![](https://…) in the text."
)
FOREIGN_ADDRESS = Sentence("DingTalk named an address outside its own hosts for the file.")
NO_MEDIA_ID = Sentence("it has no usable media_id")
NO_DOWNLOAD_URL = Sentence("it has no downloadUrl")
NOT_KEPT = Sentence("the file cannot be kept for sending: {reason}")
CANNOT_BE_SENT = Sentence("{name} cannot be sent: {reason}")
NOT_OUTSIDE = Sentence(
    "{name} cannot be sent to somebody outside the organisation, who can be sent text and "
    "pictures only."
)
PUT_WHERE_THEY_CAN = Sentence("Put it where they can fetch it, and send the link.")
DEFECT = Sentence("something went wrong; see :Chat log")
FETCHING = Sentence("fetching what came with a message")
NO_CODE = Sentence("There is no code to draw.")
PACKAGES_MISSING = Sentence("Pictures need packages that are not installed: {package}.")
INSTALL_IMAGES = Sentence("Run `:Chat install images`, then restart Neovim.")
TOO_MANY_LINES = Sentence(
    "{count} lines are too much for one picture, which has up to {rows} rows of {columns} "
    "characters."
)
SELECT_LESS = Sentence("Select less, or send it as a file.")
NO_FONT = Sentence(
    "No font on this computer has {characters!r}; a box stands in their place. A font such as "
    "Noto Sans CJK has Chinese characters."
)
FOLDER = Sentence("a folder")
SOCKET = Sentence("a socket")
DEVICE = Sentence("a device")
FILE = Sentence("a file")
FOLDER_OF_ANOTHER = Sentence(
    "the folder {folder} belongs to another user: anybody who can write there can replace what is"
    " remembered, such as who has access. Make it yours, or run: chmod go-w {path}"
)
FOLDER_WRITABLE = Sentence(
    "the folder {folder} can be written by others: anybody who can write there can replace what is"
    " remembered, such as who has access. Make it yours, or run: chmod go-w {path}"
)
ASK_AGAIN = Sentence("Ask for it to be sent again.")
SEND_LINK = Sentence("Put it where people can fetch it, and send the link.")
PICTURE_TOO_LARGE = Sentence("{name} is {size}, and DingTalk takes a picture of up to {most}.")
FILE_TOO_LARGE = Sentence("{name} is {size}, and DingTalk takes a file of up to {most}.")
ZIP_TOO_LARGE = Sentence("{name} is {size} (zipped), and DingTalk takes a file of up to {most}.")
MORE_THAN_TAKEN = Sentence("{name} is {size}, which is more than DingTalk takes here. {said}")
TYPE_NOT_TAKEN = Sentence("{name} is of a type that DingTalk does not take. {said}")
FETCHED_SO_FAR = Sentence("fetching what came with a message: {amount:,} KB")
FETCHED_SHARE = Sentence("fetching what came with a message: {amount:,} KB ({share} %)")
TOO_DEEP = Sentence("it is nested too deeply")
UNKNOWN_VERSION = Sentence("version {version} is not known to this version of dingbridge")
