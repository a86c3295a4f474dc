"""Sentences about outgoing messages, and why they were not delivered."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

FIX = Sentence("{message}. {fix}")
FIX_AFTER_SENTENCE = Sentence("{message} {fix}")
FIX_APPENDED = Sentence("{message}: {fix}")
NOBODY_TO_NOTIFY = Sentence("there is nobody to notify")
SET_TARGET = Sentence("set webhook, conversation_id or user_id")
NOTHING_TO_SEND = Sentence("there is nothing to send")
NEVER_LEFT = Sentence("not sent: it was not on disk when the service ended")
MERGED = Sentence("merged with others")
BEING_RETRIED = Sentence("message {id} is being tried again; drop it once it waits")
NO_WAITING = Sentence("there is no waiting or failed message {id}; see :Chat outbox")
GOES_WITH_OTHERS = Sentence("message {id} goes out as one with others, as {whole}")
PARTED = Sentence("it was refused together with others, and now goes alone")
PARTED_DOUBTFUL = Sentence(
    "it was refused together with others, and now goes alone; it may have arrived with them"
)
NO_FAILED = Sentence("there is no failed message; see :Chat outbox")
NO_FAILED_ID = Sentence("there is no failed message {id}; see :Chat outbox")
SENT_AGAIN = Sentence("message {id} is sent again and may be there twice")
NOT_SENT_AGAIN = Sentence(
    "not sent again, for they may have arrived: {count}. Look in DingTalk: those that are not there"
    " can be sent again one by one, :Chat drop gives the others up"
)
HURRIED = Sentence("what waits is tried now")
NOT_HURRIED = Sentence(
    "nothing has failed; what waits leaves by itself as soon as DingTalk takes it (:Chat outbox)"
)
MAY_HAVE_ARRIVED = Sentence("It may have arrived: look in DingTalk before you send it again")
MAY_BE_TWICE = Sentence("it may be there twice: DingTalk did not answer an attempt before")
UNANSWERED = Sentence("an attempt was not answered: it may have arrived")
DROPPED_BY_YOU = Sentence("dropped by you")
DROPPED_BY_YOU_LATE = Sentence("dropped by you; it may have arrived before that")
NOT_SENT_YET = Sentence("message {id} was not sent yet; :Chat drop {id} gives it up")
RECALLED = Sentence("“{text}” was recalled")
NOT_RECALLED = Sentence("“{text}” was not recalled: {reason}")
RECALLED_ALREADY = Sentence("“{text}” is recalled already: nobody on DingTalk sees it any more")
RECALL_OF_ANSWER = Sentence(
    "“{text}” cannot be recalled: it answered somebody who had just written, and DingTalk takes no"
    " such answer back; what leaves when nobody has just written can be recalled for {hours} hours"
)
RECALL_OF_GROUP_ROBOT = Sentence(
    "message {id} cannot be recalled: DingTalk takes back nothing that a group's own robot (the"
    " option `webhook`) has sent"
)
RECALL_OF_MERGED = Sentence(
    "message {id} cannot be recalled: it went as one message with others, or too many were sent"
    " after it"
)
RECALL_UNKNOWN = Sentence(
    "no message {id} was sent; :Chat recall without an id lists what can be recalled"
)
RECALL_TOO_LATE = Sentence(
    "“{text}” cannot be recalled: it is older than {hours} hours, after which DingTalk takes"
    " nothing back"
)
NONE_RECALLABLE = Sentence(
    "nothing can be recalled: DingTalk takes back only what the robot sent to somebody who had not"
    " just written, within {hours} hours"
)
NONE_IN_OUTBOX = Sentence("no message waits, and none has failed")
ROW_WAITING = Sentence("{time:%m-%d %H:%M}  waits   {text} → {place}")
ROW_FAILED = Sentence("{time:%m-%d %H:%M}  failed  {text} → {place}")
ROW_SENT = Sentence("{time:%m-%d %H:%M}  {text} → {place}")
OUTBOX_EMPTY = Sentence("the outbox is empty")
OUTBOX = Sentence(
    "waiting: {waiting}, failed: {failed}; :Chat retry [id] tries again, :Chat drop {{id}} gives up"
)
WAITING = Sentence("waiting  {id}  {message}")
FAILED = Sentence("failed   {id}  {message}")
MORE_WAITING = Sentence("… and {count} more waiting")
MORE_FAILED = Sentence("… and {count} more failed")
NOT_ANSWERED_BEFORE = Sentence("DingTalk did not answer the attempt before")
NOBODY_KNOWS_HOW = Sentence(
    "nobody knows how to reach this conversation until somebody writes there again"
)
WAIT_THEN_RETRY = Sentence("wait for that, then :Chat retry sends the message")
NO_WAY = Sentence("no way to this target")
SET_A_WAY = Sentence("set `app_key` and `app_secret`; a webhook leads to its robot's group alone")
PERHAPS = Sentence("{reason}; it may have arrived or not")
NOT_REPEATED = Sentence("the message may have arrived and is not sent again: {reason}")
LOOK_FIRST = Sentence("look in DingTalk before you send it again")
NO_ROOM = Sentence("title, mentions and keyword leave no room for the text")
MAKE_SHORTER = Sentence("make them shorter")
OTHER_CUSTOM_ROBOT = Sentence(
    "it is for the group of another custom robot than the one that is set up now"
)
SET_THAT_WEBHOOK = Sentence("set that `webhook` again, then :Chat retry sends it")
LINE_OF_CODE = Sentence("line {lines}")
LINES_OF_CODE = Sentence("lines {lines}")
UNTITLED = Sentence("Message")
"""Replaces an empty title, which the platform refuses (§9)."""
LISTED = Sentence("{names}, {name}")
ROBOTS_GROUP = Sentence("the robot's group")
CONFIGURED_CONVERSATION = Sentence("the configured conversation")
ROBOT_WINDOW = Sentence("{most} messages a minute are all that DingTalk takes from a robot.")
QUOTA_LOW = Sentence("DingTalk's monthly quota runs low: {first} of {month} are used up.")
BOTH_QUOTAS_LOW = Sentence(
    "DingTalk's monthly quota runs low: {first} and {second} of {month} are used up."
)
CALLS = Sentence("{used:,} API calls")
CALLS_OF = Sentence("{used:,} of {limit:,} API calls")
PUSHES = Sentence("{used:,} pushes")
PUSHES_OF = Sentence("{used:,} of {limit:,} pushes")
USED_UP = Sentence("{amount} (used up)")
MASKED = Sentence(
    "Masked before sending, because a chat is no place for secrets: {secrets}. {option} in the"
    " settings lets such text go to this target as it is."
)
MASKED_TEXT = Sentence("{kind} ({mark})")
MASKED_VALUE = Sentence("{kind} ({mark}, the value of ${variable})")
DEFECT = Sentence("something went wrong in dingbridge, see :Chat log")
OUTBOX_NOT_WRITTEN = Sentence("the outbox cannot be written ({reason})")
OUT_OF_TIME = Sentence("not delivered in time")
OUT_OF_TIME_BECAUSE = Sentence("not delivered in time: {reason}")
TIMEOUT_ALLOWS_MORE = Sentence("--timeout allows more")
NOT_DELIVERED = Sentence("not delivered: {reason}")
NOT_DELIVERED_TO = Sentence("not delivered to {place}: {reason}")
TITLED_NOT_DELIVERED = Sentence("not delivered: “{title}”: {reason}")
TITLED_NOT_DELIVERED_TO = Sentence("not delivered to {place}: “{title}”: {reason}")
DROPPED = Sentence("dropped")
DROPPED_LATE = Sentence("dropped: it may have arrived before that")
TITLED_DROPPED = Sentence("dropped: “{title}”")
TITLED_DROPPED_LATE = Sentence("dropped: “{title}”: it may have arrived before that")
ATTACHED = Sentence("全文见附件 · full text attached")

# --- notices to the phone -------------------------------------------------------------------------

MUTED = Sentence("notices to the phone are held back until {time:%m-%d %H:%M}")
NOT_MUTED = Sentence("notices to the phone are sent")
NO_SPAN = Sentence("'{span}' is no time span")
SPANS = Sentence("write one such as 2h, 45m or 1h30m, or off")
