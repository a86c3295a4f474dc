"""Sentences of the Lua modules, except those of a transcript; Python uses some as well."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- the host -------------------------------------------------------------------------------------

HOST_CANNOT_START = Sentence("the host cannot start with {program}: {problem}.\n{advice}")
HOST_ENDED = Sentence("the host ended ({code}); the next :Chat starts it again")
HOST_RESTARTS = Sentence("the host ended ({code}); it starts again for what was just sent")
OTHER_VERSION = Sentence(
    "the plugin was upgraded: its host is dingbridge {version}, this Neovim has loaded {own}; start"
    " Neovim again"
)
SERVICE_GONE = Sentence("the service is gone")
CANNOT_SHOW = Sentence("cannot show {what}: {problem}")
NO_FILE_TO_SHOW = Sentence("{path} is no file that can be shown")
SHOWS_LATER = Sentence("what became of it shows once dingbridge runs again")
SETTINGS_PROBLEMS = Sentence("the settings have problems:\n  {problems}")
SETTINGS_UNUSABLE = Sentence("the settings cannot be used: {problems}")
OTHER_CHAT_MODULE = Sentence(
    "`require('chat')` is the module of another plugin, `{file}`; set DingTalk up with"
    " `require('dingbridge').setup({{ … }})`"
)

# --- Python and the installation ------------------------------------------------------------------

NOT_ON_PATH = Sentence("there is no `{name}` on the `PATH`")
NEEDS_ABSOLUTE_PATH = Sentence("it must be an absolute path, or a name that is on the `PATH`")
CANNOT_BE_RUN = Sentence("it cannot be run")
NONE_ON_PATH = Sentence("there is none on the `PATH`")
BY_PATH = Sentence("the `PATH`")
BY_OPTION = Sentence("the option `python`")
BY_OWN = Sentence("`.venv` in the plugin's folder")
BY_VARIABLE = Sentence("`g:python3_host_prog`")
PACKAGES_MISSING = Sentence("Python packages are missing ({packages})")
SET_PYTHON = Sentence("Set the option `python` to a Python 3.10 or newer")
RUN_INSTALL = Sentence("Run :Chat install")
RUN_INSTALL_WITHOUT_OPTION = Sentence(
    "Take the option `python` out of the settings, then run :Chat install"
)
OFFER_INSTALL = Sentence("dingbridge: {problem}. Install them?")
OFFER_YES = Sentence("Yes, for this plugin alone (:Chat install)")
OFFER_NO = Sentence("Not now")
INSTALL_IN_SHELL = Sentence("The same in a shell: make -C {folder} install")
INSTALLED = Sentence("everything is installed; :Chat works now")
INSTALLED_FOR_NEXT = Sentence("everything is installed; Neovim uses it when it is started again")
NEEDS_PYTHON = Sentence("Python 3.10 or newer is needed, and there is none on the `PATH`")
NO_SUCH_EXTRA = Sentence("{extra} cannot be installed; there is: {known}")
INSTALLING = Sentence("the installation is under way")
PYTHON_IS_CHOSEN = Sentence(
    "the option `python` chooses {program}, so nothing is installed for it; take the option out"
    " first"
)
LOOKING_FOR_PYTHON = Sentence("dingbridge: looking for a Python")

# --- the setup ------------------------------------------------------------------------------------

TITLE_SETUP = Sentence("Set up DingTalk")
KEYS_SETUP = Sentence("q leaves")
KEY_LEAVE_SETUP = Sentence("Leave the setup; the next one goes on there")
KEY_ANSWER_SETUP = Sentence("Answer the question")
SETUP_PRESS_ENTER = Sentence("Press Enter here to answer.")
SETUP_LEFT = Sentence("the setup is left; :Chat setup goes on there")
SETUP_APPLIED = Sentence("This Neovim uses it already.")
SETUP_NOT_APPLIED = Sentence(
    "This Neovim keeps the robot of its own settings until you change them and start it again."
)
SETUP_CANNOT_RUN = Sentence("the setup cannot run: {problem}.\n{advice}")

# --- windows and keys -----------------------------------------------------------------------------

TITLE_STATUS = Sentence("DingTalk status")
TITLE_OUTBOX = Sentence("DingTalk outbox")
TITLE_PAIRINGS = Sentence("Who has access")
TITLE_INSTALL = Sentence("Installing")
TITLE_MESSAGES = Sentence("DingTalk messages")
TITLE_DOCTOR = Sentence("Doctor")
DOCTOR_LOOKS = Sentence("Looking …")
CHECKHEALTH_KNOWS = Sentence("`:checkhealth dingbridge` checks what it can without Python")
NO_SUCH_ARGUMENT = Sentence("no such argument: {argument}; known is {known}")
KEYS_STATUS = Sentence("R refreshes · q closes")
KEYS_OUTBOX = Sentence("r tries again · d drops · R refreshes · q closes")
KEYS_CLOSE = Sentence("q closes")
NO_MESSAGE_HERE = Sentence("no message stands on this line")
FOOTER_MESSAGES = Sentence(":Chat messages")
NO_MESSAGES = Sentence("no notice has been shown yet")
LEVEL_INFO = Sentence("info")
LEVEL_WARN = Sentence("warning")
LEVEL_ERROR = Sentence("ERROR")
NO_HELP = Sentence("there is no help on {topic}; after :Chat help, Tab lists the topics")
KEY_CLOSE = Sentence("Close the report")
KEY_REFRESH = Sentence("Bring the report up to date")
KEY_RETRY = Sentence("Try the message again")
KEY_DROP = Sentence("Drop the message")
KEY_SEND = Sentence("Send the draft")
TITLE_KEYS = Sentence("Keys · q closes")
KEYS_OF_BOTH = Sentence("In both windows")
KEYS_OF_TRANSCRIPT = Sentence("In the transcript")
KEYS_OF_DRAFT = Sentence("In the draft")
KEYS_SCROLL = Sentence("j and k scroll")
KEYS_HELP = Sentence(":help dingbridge-keys")
BACK_IN_DRAFT = Sentence("the text is in the draft again")
NOT_RETRIED = Sentence(
    "message {id} is in no outbox ({reason}), so it cannot be retried: send its text again"
)
NOT_RETRIED_KEY = Sentence(
    "message {id} is in no outbox ({reason}), so it cannot be retried: {key} on it puts its text"
    " into the draft"
)
HAS_NOT_FAILED = Sentence("this message has not failed")
ONLY_SENT_IS_RECALLED = Sentence("only what you sent from here can be recalled, once it is sent")
IS_RECALLED = Sentence("this message was recalled")
NO_CODE_HERE = Sentence("no code block is under the cursor")
CODE_YANKED = Sentence("{count} lines of code yanked", one="a line of code yanked")
QUOTED_AUTHOR = Sentence("**{author}**:")
DAY_TODAY = Sentence("today, {day}")
DAY_YESTERDAY = Sentence("yesterday, {day}")
NO_LINK = Sentence("there is no link on this line")
SEVERAL_LINKS = Sentence("this message has {count} links: put the cursor on the line of one")
NOT_OPENED_HERE = Sentence(
    "{target}\nis not opened: this machine has no program for it; K shows the address"
)
NOT_OPENED_BY = Sentence(
    "{target}\nis not opened: {program} ended with exit code {code}. Set a program for it on this"
    " machine, or open the above by other means"
)
NOT_OPENED_FOREIGN = Sentence(
    "{target}\nis not opened: it is neither an address of the web nor a file of the project or a"
    " received one"
)
NOT_OPENED_PROGRAM = Sentence("{target}\nis not opened: a program may run it")
NOT_OF_PROJECT = Sentence("{target}\nis no file of the project or a received one")
NO_TEXT = Sentence("{target}\nis no text")
CHOOSE_APPROVE = Sentence("Which request?")
CHOOSE_REJECT = Sentence("Reject which request?")
CHOOSE_ALWAYS = Sentence("Allow which request always?")
APPROVAL_APPROVE = Sentence("Allow it once")
APPROVAL_ALWAYS = Sentence("Allow {tool} always in this session")
APPROVAL_REJECT = Sentence("Reject it")
APPROVAL_SHOW = Sentence("Look at it first")
APPROVAL_WANTS = Sentence("{source}: {title}")
APPROVAL_TITLE = Sentence("Approve {code}?")
APPROVAL_TITLE_MORE = Sentence("Approve {code}? · {count} more")
APPROVAL_FOOTER = Sentence("{time} left · :Chat approve")
APPROVAL_BELOW = Sentence("↓ {count} lines below", one="↓ 1 line below")
APPROVAL_KEYS = Sentence("{time} left · a approves, r rejects, q hides")
KEY_HIDE_APPROVAL = Sentence("Put the request away; it stays open")
KEY_ALWAYS = Sentence("Allow it, and this kind of tool in its session")
CHOOSE_PAIR = Sentence("Let in from DingTalk")
CHOOSE_DENY = Sentence("Refuse from DingTalk")
CHOOSE_REVOKE = Sentence("Let in no more from DingTalk")
CHOOSE_RETRY = Sentence("Send again what is not in DingTalk")
CHOOSE_DROP = Sentence("Give up which message?")
CHOOSE_RECALL = Sentence("Recall which message?")

# --- sessions and drafts --------------------------------------------------------------------------

NO_SESSION = Sentence("there is no session yet: :Chat new starts one")
SESSIONS = Sentence("Sessions")
TITLE_SEARCH = Sentence(":Chat search {words}")
SHOWS_FOUND = Sentence("Show a message that was found")
MESSAGE_GONE = Sentence("this message is not in its session any more")
NOT_BOUND = Sentence("not bound")
STARTING = Sentence("starting…")
NOT_THERE_YET = Sentence("the session is not there yet; the text waits for it")
DRAFT_EMPTY = Sentence("the draft is empty")
COMES_BACK_LATER = Sentence(
    "a text that was not sent comes back once the draft, which is for others, is empty"
)
REPLY_MOVES_DRAFT = Sentence(
    "the draft was for {before} and now goes to {name}, with the quote; u in normal mode takes both"
    " back"
)
WHOEVER_WRITES_LAST = Sentence("whoever writes last")
NOT_BOUND_BIND = Sentence("this session is not bound: :Chat bridge dingtalk binds it")
NOBODY_HAS_WRITTEN = Sentence("nobody has written to this session yet")
WRITE_TO = Sentence("Write to")
CHOICE_NOW = Sentence("{name}  (now)")
DRAFT = Sentence("Draft")
DRAFT_TO = Sentence("Draft → {name}")
DRAFT_TO_CHOSEN = Sentence("Draft → {name}, chosen")
DRAFT_TO_ONCE = Sentence("Draft → {name}, this text only")
CHOSEN_TO = Sentence("Chosen → {name}")
ONCE_TO = Sentence("Once → {name}")
NOBODY_YET = Sentence("nobody yet")
UNBOUND_NOW = Sentence("not bound any more")
OTHER_ROBOT_NOW = Sentence("bound to another robot now")
OTHER_ROBOT = Sentence("another robot")
OTHER_WROTE_GOES = Sentence("{who} wrote: {key} goes there")
OTHER_WROTE = Sentence("{who} wrote: {key}")
OTHER_WROTE_ONLY = Sentence("{who} wrote")
LAST_TEXT = Sentence("your last text went to {who}")
LAST_TEXT_SHORT = Sentence("last to {who}")
WRITE_OR_KEY_SENDS_HELP = Sentence(":w or {key} sends · {help} lists the keys")
WRITE_SENDS_HELP = Sentence(":w sends · {help} lists the keys")
WRITE_OR_KEY_SENDS = Sentence(":w or {key} sends")
KEY_SENDS = Sentence("{key} sends")
WRITE_SENDS = Sentence(":w sends")
UNREAD_NEW = Sentence("{count} new")
UNREAD_BELOW = Sentence("{count} new below")
UNREAD_BELOW_KEY = Sentence("{count} new below: {key}")
UNREAD_IN = Sentence("{count} new in “{title}”")
UNREAD_IN_SEVERAL = Sentence("{count} new in {sessions} sessions")
UNREAD_ELSEWHERE = Sentence("{count} new elsewhere")
ARRIVED = Sentence("{who}: {text}")
ARRIVED_MORE = Sentence("{who}: {text} (+{more} more)")
SENT_TO = Sentence("sent to {who} ✓")
SENT_TO_PERHAPS = Sentence("sent to {who} ✓; {reason}")
WAS_NOT_SENT = Sentence("the message was not sent: {reason}")
NOT_KEPT = Sentence(
    "{count} messages could not be kept for the next start: {problem}",
    one="a message could not be kept for the next start: {problem}",
)
KEPT_HERE_ONLY = Sentence(
    "kept here only: this session is not bound; :Chat bridge dingtalk binds it"
)
WAITS_FOR_SETTINGS = Sentence(
    "messages were handed over under other settings and are not written down ({count}): they wait "
    "until setup() is called with those again"
)

# --- the status line ------------------------------------------------------------------------------

BAR_DINGTALK = Sentence("DingTalk")
BAR_DINGTALK_ACCOUNT = Sentence("DingTalk ({name})")
BAR_ONE_WAY = Sentence("one-way")
BAR_OFF = Sentence("off")
BAR_CONNECTING = Sentence("connecting")
BAR_WAITING = Sentence("waiting")

# --- the signs of the bar, in the report of the status --------------------------------------------

SIGNS = Sentence("in the bar:")
SIGN_CONNECTED = Sentence("connected to DingTalk")
SIGN_NOT_CONNECTED = Sentence("not connected to DingTalk")
SIGN_ONE_WAY = Sentence("this robot only sends")
SIGN_PAUSE = Sentence("seconds until the next message leaves")
SIGN_QUEUED = Sentence("messages that have not left yet (:Chat outbox)")
SIGN_FAILED = Sentence("messages that failed (:Chat outbox)")
SIGN_APPROVALS = Sentence("agents that wait for your approval (:Chat approve)")
SIGN_ASKING = Sentence("people who ask for access (:Chat pair)")

# --- to DingTalk ----------------------------------------------------------------------------------

NO_FILE_OPEN = Sentence("编辑器里没有打开的文件。No file is open in the editor.")
UNKNOWN_QUESTION = Sentence("编辑器不认识这个问题。The editor does not know this question.")
COULD_NOT_ANSWER = Sentence("编辑器回答不了。The editor could not answer.")
QUESTION_FAILED = Sentence("/{what} from DingTalk failed: {problem}")
NOT_INSIDE = Sentence("这个文件不在项目文件夹内。The file is not inside the project folder.")
TOO_LARGE = Sentence("这个文件太大，不打开。The file is too large to be opened.")
IN_COMMAND_LINE = Sentence(
    "编辑器在命令行窗口中，现在不能打开。The editor is in its command-line window; try later."
)
NO_ROOM = Sentence("编辑器里放不下新窗口。There is no room for a window in the editor.")

# --- notices to the phone -------------------------------------------------------------------------

WATCHED = Sentence("{sign} {name} in {folder}: {more}")
FINISHED = Sentence("finished")
JOB_ENDED = Sentence("the job has ended")
FAILED_WITH = Sentence("failed with {status}")
FOUND_ENTRIES = Sentence("entries: {count}")
ERRORS_NOW = Sentence("errors: {count} (before: {before})")
AFTER_SECONDS = Sentence("after {seconds} s")
AFTER_MINUTES = Sentence("after {minutes} min")
AFTER_HOURS = Sentence("after {hours} h {minutes} min")
WATCH_WHAT = Sentence("watch: `on` must be 'job', 'terminal', 'quickfix' or 'diagnostic'")
WATCH_WHAT_NEAR = Sentence("watch: unknown `on`, did you mean '{near}'?")
WATCH_KEY = Sentence("watch: unknown key `{key}`")
WATCH_KEY_NEAR = Sentence("watch: unknown key `{key}`, did you mean `{near}`?")
WATCH_STRING = Sentence("watch: `{key}` must be a string")
WATCH_BOOLEAN = Sentence("watch: `{key}` must be true or false")
WATCH_NUMBER = Sentence("watch: `{key}` must be a whole number, as Neovim gave it")
WATCH_ONLY_FOR = Sentence("watch: `{key}` goes with `on = '{kind}'` only")
WATCH_PATTERN = Sentence("watch: `match` is no Lua pattern: {reason}")
WATCH_JOB_MATCH = Sentence("watch: `match` does not go with `job`: a job is named by its id alone")
WATCH_TO = Sentence("watch: `to` must be a target such as 'dingtalk:STAFF_ID'")
WATCH_BUFFER = Sentence("watch: there is no buffer {buffer}")
TOLD_WHEN_DONE = Sentence("your phone is told when this ends, if you are away: {name}")
TOLD_WHEN_NEXT_DONE = Sentence(
    "your phone is told when the next :make or terminal ends, if you are away"
)
