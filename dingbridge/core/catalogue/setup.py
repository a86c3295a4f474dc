"""Sentences of the guided setup."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- questions ------------------------------------------------------------------------------------

WHAT_IS_WANTED = Sentence("What do you want?")
CONVERSATION = Sentence("A conversation: write and be answered, here and on the phone")
NOTIFICATIONS = Sentence("Notifications: messages to a group, one way")
WHERE_TO_KEEP = Sentence("Where shall the secret be kept?")
IN_A_FILE = Sentence("In a file that only you can read")
IN_THE_KEYRING = Sentence("In the system's keyring")
HOW_TO_GET_THE_APP = Sentence("A conversation needs an app of your organisation.")
PASTE = Sentence("I have its Client ID and Client Secret, or make it in the developer console")
SCAN = Sentence("Make it now: scan a QR code with DingTalk")
CLIENT_ID = Sentence("Client ID (AppKey) of the app")
CLIENT_SECRET = Sentence("Client Secret (AppSecret), which is not shown")
CONSOLE = Sentence(
    "Both stand in the developer console, https://open-dev.dingtalk.com, in the app, under"
    " Credentials (凭证与基础信息). The app needs a robot in Stream Mode, and a published version."
)
WEBHOOK = Sentence("Address of the robot (webhook), which is not shown")
WHERE_THE_WEBHOOK_IS = Sentence(
    "In the group: settings, Robots (机器人), Add robot (添加机器人), Custom (自定义). Choose a"
    " security setting, finish, and copy the address."
)
WHICH_SECURITY = Sentence("Which security setting has the robot?")
SIGNATURE = Sentence("Signature (加签)")
KEYWORD = Sentence("Keyword (自定义关键词)")
ADDRESSES = Sentence("IP addresses (IP地址段)")
SIGNING_SECRET = Sentence("Its secret, which begins with SEC and is not shown")
ITS_KEYWORD = Sentence("One of its keywords")
IS_IT_YOU = Sentence("{name} ({id}) wrote: {text}\nIs it you? Then you need no code to write here.")
IT_IS_ME = Sentence("Yes, that was me")
SOMEBODY_ELSE = Sentence("No, wait for another message")
WRITE_THE_FILE = Sentence("Shall this be written to a new file, which Neovim reads at its start?")
INTO_FILE = Sentence("Yes: {path}")
ONLY_SHOW = Sentence("No, I put it into my configuration")
GO_ON = Sentence("You left the setup. Go on where you were?")
GO_ON_YES = Sentence("Go on")
BEGIN_AGAIN = Sentence("Begin again")

# --- when something fails -------------------------------------------------------------------------

TRY_AGAIN = Sentence("Try again")
OTHER_CREDENTIALS = Sentence("Type Client ID and Client Secret")
OTHER_WEBHOOK = Sentence("Type the address again")
WITHOUT = Sentence("Leave this out, and finish")
LEAVE = Sentence("Leave; the next setup goes on here")
DECLINED = Sentence("The scan was declined: {reason}")
SCAN_EXPIRED = Sentence("The code has expired: nobody confirmed in time.")
NO_NONCE = Sentence("it has no nonce")
NO_SCAN_CODE = Sentence("it has no code to scan")
NO_CREDENTIALS = Sentence("it has no client_id or no client_secret")
NO_MESSAGE = Sentence(
    "Nothing has arrived. Is the version of the app published, are you among those who may see it,"
    " and does its robot receive in Stream Mode?"
)
NO_LINK = Sentence("The connection did not open within {seconds:g} s.")
IN_USE = Sentence(
    "{who}. So connection and first message are not tried here; write to the robot as usual."
)
APPLY_FOR = Sentence("Apply for it here, then try again:\n{links}")
NOT_THERE_ANY_MORE = Sentence("What was stored before is not there any more.")
NO_CLIENT_ID = Sentence("A Client ID has letters and digits, and nothing else.")
NO_SUCH_SECRET = Sentence("That cannot be it: there is a blank or a strange character in it.")
NOT_STORED = Sentence("the keyring refuses it ({error})")
NEEDS_A_TERMINAL = Sentence(
    "the setup asks questions, so it needs a terminal; or :Chat setup in Neovim"
)

# --- what happened --------------------------------------------------------------------------------

SCAN_THIS = Sentence(
    "Scan this with DingTalk and confirm, or open the address. The code is good until {time}."
)
SCAN_ADDRESS = Sentence(
    "Open this address in DingTalk, or make a QR code of it, and confirm. It is good until {time}."
)
WAITING_FOR_SCAN = Sentence("No answer from DingTalk yet: {reason}")
MADE = Sentence("the app {id} is made")
CREDENTIALS_RIGHT = Sentence("id and secret are right: DingTalk gives an access token")
STORED_IN = Sentence("stored in {place}")
THE_KEYRING = Sentence("the keyring")
CONNECTED = Sentence("the connection is open: messages of the robot come here")
WRITE_NOW = Sentence(
    "Write to the robot now: search for it by its name in DingTalk, and send it any words."
)
ANSWERED = Sentence("answered: look at your phone")
SENT_TO_GROUP = Sentence("sent: look at the group")
HELLO = Sentence("Hello from dingbridge: messages go both ways.")
HELLO_GROUP = Sentence("Hello from dingbridge.")
FILE_HEADER = Sentence("Written by the setup of dingbridge. Who can read this can use the robot.")
SNIPPET_HEADER = Sentence("Written by the setup of dingbridge.")
PUT_THIS = Sentence(
    "This is all that Neovim needs. Where setup() is called already, add these lines to its table:"
)
WRITTEN = Sentence("written to {path}")
VARIABLES_WIN = Sentence(
    "These variables are set, and count before what was stored: {names}. Unset them."
)
FINISHED = Sentence("Done. In Neovim, :Chat bridge dingtalk opens a chat with the robot.")
FINISHED_GROUP = Sentence("Done. In Neovim, :Chat notify sends to the group.")
LEFT = Sentence("left; dingbridge setup goes on here")
HOW_TO_LEAVE = Sentence("q or Ctrl-C leaves; the next setup goes on there.")
NUMBER = Sentence("number")
NOT_AN_ANSWER = Sentence("Type a number from 1 to {count}, or q.")

# --- the shell's help -----------------------------------------------------------------------------

SETUP = Sentence("set DingTalk up: questions, one scan or pasted credentials, checks, a hello")
SETUP_ABOUT = Sentence(
    "Asks what you want, makes the app by one scan or takes what you paste, checks each step"
    " against DingTalk, stores the secret, and prints the setup() for Neovim."
)
