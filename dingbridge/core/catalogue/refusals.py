"""DingTalk's refusals and their fixes, for the codes in `core/dingtalk/error_codes.py`."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

IS_TRIED_AGAIN = Sentence("It is tried again.")
RESUMES = Sentence("Sending resumes after a pause. Let no other program use the robot.")
GOES_IN_PIECES = Sentence("It goes in smaller pieces.")
GOES_ANOTHER_WAY = Sentence("It goes another way.")
DEFECT = Sentence("This is a defect of dingbridge: please report it with the code.")
COMPARE_SECURITY = Sentence("Compare with the robot's security settings in the group.")
NEW_WEBHOOK = Sentence("Create the robot anew in the group and set `webhook` to its new URL.")
BUSY = Sentence("DingTalk is busy.")
DOES_NOT_KNOW = Sentence("DingTalk does not know whether the message was delivered.")
QUOTA_USED_UP = Sentence("The organisation's monthly DingTalk quota is used up.")
WAIT_OR_BUY = Sentence("Wait for the next month, or buy a larger edition for the organisation.")
TOO_MANY_IN_A_SECOND = Sentence("Too many calls in a second.")
TOO_MANY_IN_A_MINUTE = Sentence("Too many calls in a minute.")
APP_ADDRESS_NOT_LISTED = Sentence(
    "The app accepts calls from listed addresses only, and this one is not listed."
)
LIST_APP_ADDRESS = Sentence(
    "Add this machine's public address in the DingTalk console under security settings."
)
ACCESS_TOKEN_REFUSED = Sentence("DingTalk does not accept the access token.")
CHECK_APP_KEY = Sentence("Check app_key and app_secret if this goes on.")
CREDENTIALS_REFUSED = Sentence("DingTalk does not accept the app's credentials.")
COMPARE_CREDENTIALS = Sentence(
    "Compare app_key and app_secret with Client ID and Client Secret in the DingTalk console."
)
PERMISSION_LACKING = Sentence("The app lacks a permission for this call.")
GRANT_PERMISSION = Sentence(
    "Grant it in the DingTalk console under permissions, then publish the app."
)
REFUSED = Sentence("DingTalk refused the call.")
ROBOT_TOO_FAST = Sentence("The robot sends too fast for DingTalk.")
TOO_LONG = Sentence("The message is too long for DingTalk.")
KEYWORD_LACKING = Sentence("The message lacks the keyword that the robot requires.")
SET_KEYWORD = Sentence("Set `keyword` to one of the robot's keywords.")
CLOCK_WRONG = Sentence("The signature's time is more than an hour away from DingTalk's clock.")
SET_CLOCK = Sentence("Set this computer's clock.")
ROBOT_ADDRESS_NOT_LISTED = Sentence(
    "The robot accepts messages from listed addresses only, and this one is not listed."
)
LIST_ROBOT_ADDRESS = Sentence("Add this machine's public address to the robot's list.")
SIGNATURE_WRONG = Sentence("The signature does not match the robot's secret.")
COPY_SECRET = Sentence("Copy the robot's secret (it begins with SEC) into `secret`.")
SECURITY_REFUSED = Sentence("The robot's security settings refused the message.")
ROBOT_UNKNOWN = Sentence("DingTalk does not know this robot.")
ROBOT_OR_PARAMETERS_UNKNOWN = Sentence("DingTalk knows neither this robot nor its parameters.")
GROUP_GONE = Sentence("The group does not exist any more.")
CHOOSE_GROUP = Sentence("Choose another group.")
ROBOT_OFF = Sentence("The robot is switched off.")
SWITCH_ROBOT_ON = Sentence("Switch it on in the DingTalk console or in the group.")
REQUEST_UNREADABLE = Sentence("DingTalk could not read the request.")
CONTENT_BLOCKED = Sentence("DingTalk's content check blocked the message.")
CHANGE_TEXT = Sentence("Change the text or its links, then send it again.")
APP_TOO_FAST = Sentence("The app sends too fast for DingTalk.")
REPLY_ADDRESS_EXPIRED = Sentence("The reply address of this conversation is not valid any more.")
PERSON_MUST_WRITE = Sentence("The person must write again; then :Chat retry sends the message.")
MUTED = Sentence("The robot may not speak in this group.")
ASK_GROUP_OWNER = Sentence("Ask the group's owner to lift the mute.")
NO_ONE_TO_ONE = Sentence("The robot cannot write to people directly.")
ENABLE_ONE_TO_ONE = Sentence(
    "Enable the robot for 1:1 chats in the DingTalk console and publish the app."
)
PERSON_UNKNOWN = Sentence("The person is not known in the robot's organisation.")
CHECK_USER_ID = Sentence(
    "Check the staff id, in the command or in `user_id`; :Chat help staff-ids says where it is."
)
CONVERSATION_UNKNOWN = Sentence("The robot has no such conversation.")
CHECK_CONVERSATION_ID = Sentence(
    "Check the conversation id, in the command or in `conversation_id`, and that the robot was"
    " added to the group."
)
NOT_AVAILABLE = Sentence("The conversation or the robot is not available.")
CHECK_PUBLISHED = Sentence("Check that the robot is published and was added to the group.")
ONLY_ADMINS_MENTION_ALL = Sentence("Only the group's administrators may mention everybody.")
DO_NOT_MENTION_ALL = Sentence("Send it without mentioning everybody.")
FILE_GONE = Sentence("The file is not available any more.")
ROBOT_CODE_WRONG = Sentence("The robot code does not belong to this app.")
CHECK_ROBOT_CODE = Sentence("Check `robot_code`; for most apps it is the same as app_key.")
NOT_RECALLABLE = Sentence(
    "DingTalk does not recall it any more; it is older than 24 hours, or was recalled already."
)
CORRECT_BY_ANOTHER = Sentence("Send another message that corrects it.")
FILE_TYPE_REFUSED = Sentence("DingTalk does not take this type of file.")
ZIP_OR_LINK = Sentence("Send it in a zip, or as a link.")
FILE_SIZE_REFUSED = Sentence("DingTalk does not take a file of this size.")
SMALLER_OR_LINK = Sentence("Make it smaller, or send it as a link.")
CARD_REFUSED = Sentence("DingTalk did not take the card.")
TOKEN_REFUSED = Sentence("DingTalk does not accept the token.")
CHECK_STREAM_MODE = Sentence(
    "Check that app_key and app_secret are right, that the app is published, that its robot is "
    "set to Stream Mode, and that no proxy rewrites the request."
)
BLOCK_PAGE = Sentence("DingTalk, or something on the way to it, answers with a block page.")
MANY_CALLS_OR_PROXY = Sentence(
    "If it stays: too many calls came from this address, or a proxy asks for a log-in."
)
PERSON_HELD_BACK = Sentence("DingTalk holds back messages to this person for now.")
NO_ERRCODE = Sentence("it has no errcode")
NO_QUERY_KEY = Sentence("it has no processQueryKey")
NO_ACCESS_TOKEN = Sentence("it has no usable access token")
EMPTY = Sentence("it is empty")
NOT_CONNECTED = Sentence("DingTalk refused to connect.")
NO_TICKET = Sentence("it has no ticket")
NO_ADDRESS = Sentence("it has no socket address")
ANSWER_UNREADABLE = Sentence("DingTalk's answer (HTTP {status}) cannot be read: {reason}.")
REFUSED_WITH_CODE = Sentence("DingTalk refused the request with code {code} (HTTP {status}).")
REFUSED_WITH_STATUS = Sentence("DingTalk refused the request (HTTP {status}).")
NEEDS = Sentence("It needs: {scopes}.")
SAYS = Sentence("DingTalk says: {words}")
MESSAGE_UNREADABLE = Sentence("A robot message cannot be read: {reason}")
MESSAGE_LACKS = Sentence("A robot message cannot be read: it has no {name}")
MESSAGE_WITHOUT_ID = Sentence("A robot message cannot be read: its {name} is not an id")
FRAME_UNREADABLE = Sentence("A stream frame cannot be read: {reason}")
CARD_NOT_DELIVERED = Sentence("DingTalk did not deliver the card: {reason}")
FRAME_LACKS = Sentence("A stream frame cannot be read: it has no {name}")
