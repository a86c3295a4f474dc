"""Sentences about sessions, their bindings and destinations."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NO_SESSION_YET = Sentence("there is no session yet")
CHAT_STARTS_ONE = Sentence(":Chat starts one")
DELETED = Sentence("“{title}” was deleted; :Chat undo brings it back")
EMPTIED = Sentence("“{title}” was emptied; :Chat undo brings its messages back")
BROUGHT_BACK = Sentence("“{title}” is back")
NOTHING_FOUND = Sentence("no message has {words}")
MORE_FOUND = Sentence("{count} messages were found; these are the latest {shown}")
NOTHING_TO_UNDO = Sentence("nothing was cleared or deleted that could be brought back")
SAVED = Sentence("saved as {path}")
NEW_STARTS_ONE = Sentence(":Chat new starts one")
DAMAGED_LINES = Sentence(
    "{count} damaged lines of this transcript were passed over",
    one="a damaged line of this transcript was passed over",
)
NO_SESSION_OF_ID = Sentence("there is no session {id}")
LIST_SHOWS_ALL = Sentence(":Chat list shows all of them")
TITLE_EMPTY = Sentence("nothing of this title can be seen")
NO_LINES = Sentence("no lines are selected")
SELECT_LINES = Sentence(":'<,'>Chat send-image")
NOTHING_TO_STOP = Sentence("no answer is being worked on")
WAITING_WITHDRAWN = Sentence(
    "{count} messages that waited are withdrawn", one="the message that waited is withdrawn"
)
NO_SUCH_SESSION = Sentence("there is no such session")
CAME_FOR_CLOSED_SESSION = Sentence("a message came for “{title}”, which is not open in any editor")
NOBODY_TO_CHOOSE = Sentence("this session is not bound, so there is nobody to choose")
BRIDGE_BINDS_IT = Sentence(":Chat bridge dingtalk binds it")
STAYS_HERE = Sentence("this session is not bound: what is sent in it stays here")
WRITES_TO = Sentence("“{title}” writes to {place}")
BOUND_TO_OTHER_ACCOUNT = Sentence("this session is bound to account {account}, not {other}")
SEND_THERE = Sentence(":Chat send {target} … sends a single message there")
KNOWN_ARE = Sentence("known are {known}")
NOBODY_HAS_WRITTEN = Sentence("nobody has written to it yet")
NO_CONVERSATION = Sentence("this session has no conversation {name}")
MAY_BE = Sentence("{name} may be {known}")
TO_LETS_YOU_CHOOSE = Sentence(":Chat to lets you choose")
NAME_GROUP = Sentence("{label} (group)")
NAME_GROUP_ID = Sentence("{label} (group, {id})")
NAME_SINGLE = Sentence("{label} (1:1)")
NAME_SINGLE_ID = Sentence("{label} (1:1, {id})")
NAME_OUTSIDE = Sentence("{label} (1:1 outside)")
NAME_OUTSIDE_ID = Sentence("{label} (1:1 outside, {id})")
LAST_SPEAKER = Sentence("whoever spoke here last")
BEGUN_FOR_NOBODY = Sentence("this text was begun when there was nobody to send it to")
TO_SAYS_WHERE = Sentence(":Chat to says where it goes")
NOT_BOUND_ANY_MORE = Sentence("this text is for {place}, and its session is not bound any more")
BRIDGE_OR_TO = Sentence(":Chat bridge dingtalk binds it, or :Chat to keeps the text here")
BOUND_TO_OTHER_ROBOT = Sentence(
    "this text is for {place}, and its session is bound to another robot now"
)
NO_TARGET = Sentence("not a target of DingTalk")
HOW_TARGETS_ARE_WRITTEN = Sentence(
    "write dingtalk:user:<user_id>, dingtalk:group:<conversation_id> or dingtalk:<account>:<id>"
)
KIND_AND_ACCOUNT = Sentence("{name} is a kind of target and an account")
WRITE_ACCOUNT_AND_KIND = Sentence("write dingtalk:{name}:user:<user_id> for the account")
NO_ACCOUNT = Sentence("there is no account {name}")
ACCOUNT_IS_ANOTHER_ROBOT = Sentence("the account {name} is another robot now")
ACCOUNT_IS_GONE = Sentence("the account {name} is not set up any more")
BOUND_LATER = Sentence("“{title}” is bound as soon as the service has its robot")
NO_SESSION_BOUND = Sentence("no session is bound")
BRIDGE_BINDS_ONE = Sentence(":Chat bridge dingtalk binds one")
RELEASED = Sentence("“{title}” is no longer bound to DingTalk")
RULED = Sentence(
    "{account}: what Neovim process {pid} was set up with holds here too, as it is the latest:"
    " {names}"
)
RELEASED_BY_OTHER = Sentence("“{title}” was released in Neovim process {pid}")
WHOEVER_WRITES_FIRST = Sentence("whoever writes first")
NOBODY_YET = Sentence(
    "nobody to send to yet: whoever writes to the robot first is answered here; :Chat to chooses"
    " somebody of `allow_from`, and `user_id` or `conversation_id` names somebody for good"
)
NOBODY_CONNECTED = Sentence("DingTalk is not connected, so nobody could write here yet: {reason}")
ANOTHER_ROBOT = Sentence("another robot was set up before it was ready to be sent")
NEOVIM_CLOSED = Sentence("Neovim was closed before it was ready to be sent; send it again")
NOBODY_FOR_FILE = Sentence("this session is not bound, so there is nobody to send a file to")
NOTIFIED = Sentence("notified: {place}")
NOTIFIED_PERHAPS = Sentence("notified: {place}; {doubt}")
LEFT_BEHIND = Sentence(
    "{count} messages wait for the robot that was set up before, and will go when it is set up"
    " again",
    one="1 message waits for the robot that was set up before, and will go when it is set up again",
)
CORRECT_SETTINGS = Sentence("the settings cannot be used, correct them in setup():")
NOT_SET_UP = Sentence("DingTalk is not set up: {missing}")
NOT_SET_UP_EITHER = Sentence(
    "DingTalk is not set up: run :Chat setup; or give setup() {path}webhook to send to a group"
    " (:Chat help custom-robot), or {path}app_key and {path}app_secret to chat both ways"
    " (:Chat help create-app)"
)
BOUND_ONE_WAY = Sentence(
    "“{title}” is bound to DingTalk: webhook mode, account {account}, one-way. Messages go to the"
    " robot's group; answers cannot come back. For both ways set app_key and app_secret."
)
BOUND_ONE_WAY_INSTEAD = Sentence(
    "“{title}” is bound to DingTalk (“{before}” was bound before): webhook mode, account"
    " {account}, one-way. Messages go to the robot's group; answers cannot come back. For both"
    " ways set app_key and app_secret."
)
NOTHING_FOR_RESPONDER = Sentence("The responder has nothing to answer.")
BOUND = Sentence(
    "“{title}” is bound to DingTalk: API mode, account {account} ({app}), to {target}, {link}"
)
BOUND_INSTEAD = Sentence(
    "“{title}” is bound to DingTalk (“{before}” was bound before): API mode, account {account}"
    " ({app}), to {target}, {link}"
)
CONNECTED = Sentence("connected")
CONNECTING = Sentence("connecting…")
NOT_SENT = Sentence("not sent: {reason}")
NO_ANSWER = Sentence("No answer: {reason}.")
SERVICE_ENDED = Sentence(
    "the service ended while the program worked on the message of {author}, who was told to ask"
    " again if need be"
)
TYPED_LOST = Sentence("the service ended before “{text}” was answered; ask again if need be")
YOU = Sentence("You")
RESPONDER = Sentence("Responder")
TITLE = Sentence("Chat {time:%Y-%m-%d %H:%M}")
