"""What the editor shows in a transcript beside the text of its messages."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- an empty transcript: the next steps ----------------------------------------------------------

GUIDE_OFF = Sentence("DingTalk is not configured: what you write stays in the editor.")
GUIDE_PROBLEMS = Sentence("The settings have problems, so DingTalk is off.")
GUIDE_UNBOUND = Sentence("This session is not on DingTalk yet: what you write stays here.")
GUIDE_BOUND = Sentence("Write to the robot from your phone: the message appears here.")
GUIDE_CONNECTING = Sentence("Connecting to DingTalk…")
GUIDE_NOT_CONNECTED = Sentence("DingTalk is not connected, so nobody can write here yet.")
GUIDE_NOT_CONNECTED_WHY = Sentence(
    "DingTalk is not connected, so nobody can write here yet: {reason}."
)
GUIDE_GOES = Sentence("What you write goes to {name}.")
GUIDE_SETUP = Sentence("sets DingTalk up, step by step")
GUIDE_ROBOT = Sentence("set up a robot that only sends to a group; it takes two minutes")
GUIDE_APP = Sentence("set up an app, with which people can write back")
GUIDE_HEALTH = Sentence("says what is missing")
GUIDE_BIND = Sentence(
    "binds the session: everybody's messages come here (`session_scope` parts them), and you answer"
)
GUIDE_BIND_ONE_WAY = Sentence("binds the session: it sends to the group; nobody can write back")
GUIDE_ACCESS = Sentence(
    "gives somebody access, by the code that the robot gave them; who is in `allow_from` needs none"
)
GUIDE_STATUS = Sentence("says why, and when the next attempt follows")
GUIDE_KEYS = Sentence("lists the keys of this window")
GUIDE_HELP = Sentence("opens the manual")
COMMAND_BRIDGE = Sentence(":Chat bridge dingtalk")
COMMAND_PAIR = Sentence(":Chat pair")
COMMAND_STATUS = Sentence(":Chat status")
COMMAND_HELP = Sentence(":Chat help")
COMMAND_HELP_ROBOT = Sentence(":Chat help custom-robot")
COMMAND_SETUP = Sentence(":Chat setup")
COMMAND_HELP_APP = Sentence(":Chat help create-app")
COMMAND_HEALTH = Sentence(":checkhealth dingbridge")

# --- a message, by the key that shows more --------------------------------------------------------

ABOUT_UNSAVED = Sentence("not saved yet: Neovim keeps it until the service has it on disk")
ABOUT_QUEUED = Sentence("queued: it is on disk and leaves as soon as it may")
ABOUT_SENDING = Sentence("sending: DingTalk has not answered yet")
ABOUT_RETRYING = Sentence("retrying: an attempt failed, and the next one follows automatically")
ABOUT_SENT = Sentence("sent: DingTalk has accepted it")
ABOUT_FAILED = Sentence(
    "failed: :Chat retry {id} sends it again, :Chat drop {id} removes it from the outbox"
)
ABOUT_OUT_OF_REACH = Sentence(
    "failed, and no outbox has it: send its text again, once the reason is gone"
)
ABOUT_OUT_OF_REACH_KEY = Sentence(
    "failed, and no outbox has it: {key} puts its text into the draft, to be sent again"
)
ABOUT_RECALLED = Sentence("recalled: nobody on DingTalk sees it any more")
ABOUT_HERE = Sentence("kept here only: it was not sent to DingTalk")
ABOUT_RECEIVED = Sentence("received from DingTalk")
ABOUT_ANSWERING = Sentence(
    "the responder is working on the answer; :Chat stop stops an agent or a program"
)
ABOUT_REASON = Sentence("reason: {reason}")
ABOUT_FROM = Sentence("from: {place}")
ABOUT_TO = Sentence("to: {place}")
PLACE_AND_ADDRESS = Sentence("{name}, {address}")
ABOUT_TIME = Sentence("time: {time}")
ABOUT_ID = Sentence("id: {id}")

# --- the fate of a message, at its heading --------------------------------------------------------

FATE_HERE = Sentence("kept here")
ANSWERING = Sentence("answering …")
STEP_PENDING = Sentence("⏳ waiting")
STEP_RUNNING = Sentence("⏳ running")
STEP_DONE = Sentence("✓ done")
STEP_FAILED = Sentence("✗ no success")
STEP_WAITS = Sentence("⏳ waits for approval {code}")
STEP_TOOL = Sentence("{state}, {kind}: {title}")
STEP = Sentence("{state}: {title}")
STEP_PLAN = Sentence("- plan, {state}: {title}")
KIND_READ = Sentence("read")
KIND_EDIT = Sentence("edit")
KIND_DELETE = Sentence("delete")
KIND_MOVE = Sentence("move")
KIND_SEARCH = Sentence("search")
KIND_EXECUTE = Sentence("execute")
KIND_THINK = Sentence("think")
KIND_FETCH = Sentence("fetch")
STEP_OPEN = Sentence("○ open")
STEP_MORE = Sentence("… K shows all of it")
STEP_WITHOUT_DETAIL = Sentence("nothing more is known of this step")
TURN_LOST = Sentence("the service ended while {author} worked: this answer is lost, ask again")

FATE_UNSAVED = Sentence("… not saved yet")
FATE_QUEUED = Sentence("… queued")
FATE_SENDING = Sentence("… sending")
FATE_RETRYING = Sentence("↻ retrying")
FATE_SENT = Sentence("✓ sent")
FATE_FAILED = Sentence("✗ failed")
FATE_RECALLED = Sentence("↶ recalled")
