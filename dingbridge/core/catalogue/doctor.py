"""Sentences of `dingbridge doctor`, beside those that it shares with `:checkhealth dingbridge`."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- states and subjects --------------------------------------------------------------------------

OK = Sentence("ok")
INFO = Sentence("note")
UNKNOWN = Sentence("unknown")
ALL_WELL = Sentence("Nothing is wrong.")
VERDICT = Sentence("Errors: {errors}. Warnings: {warnings}.")

PROXY = Sentence("Proxy")
DNS = Sentence("DNS")
TLS = Sentence("TLS")
CLOCK = Sentence("Clock")
TOKEN = Sentence("Access token")
STREAM = Sentence("Stream Mode")
ROBOT = Sentence("Robot")
SCOPES = Sentence("Permissions")

# --- the way to DingTalk --------------------------------------------------------------------------

NO_PROXY = Sentence("none: requests go straight to DingTalk")
PROXY_USED = Sentence("requests go by {address}, from {origin}")
NAME_UNKNOWN = Sentence("{host} cannot be resolved ({reason})")
RESOLVED = Sentence("{hosts} resolved")
BY_PROXY = Sentence("the proxy resolves names")
CERTIFICATE_GOOD = Sentence("{host} answered in {milliseconds} ms with a certificate that is valid")
NOT_ENCRYPTED = Sentence("{host} answered in {milliseconds} ms, without TLS: the address is http")
ASKED_IN_VAIN = Sentence("not asked, because DingTalk was not reached")
CLOCK_AGREES = Sentence("it agrees with DingTalk's within {seconds} s")
CLOCK_BEHIND = Sentence("it is {time} behind DingTalk's")
CLOCK_AHEAD = Sentence("it is {time} ahead of DingTalk's")
SET_THE_CLOCK = Sentence(
    "Set this computer's clock, for example by `timedatectl set-ntp true`: DingTalk refuses"
    " signatures that are more than an hour off"
)
CLOCK_NOT_TOLD = Sentence("DingTalk's answer names no time")

# --- the app --------------------------------------------------------------------------------------

NO_APP = Sentence("webhook mode needs none")
TOKEN_GRANTED = Sentence("DingTalk accepts app_key and app_secret")
NO_TOKEN = Sentence("not asked, because there is no access token")
MAY_CONNECT = Sentence("DingTalk lets the app open a connection")
PROVED_BY_LINK = Sentence("the link of the service is open")
SCOPE_GRANTED = Sentence("{scope} is granted ({needed_for})")
SCOPE_LACKING = Sentence("{scope} is lacking: {needed_for} do not work")
SCOPE_LACKING_OPTIONAL = Sentence("{scope} is lacking: {needed_for} are replaced by texts")
APPLY = Sentence("Apply for it, then publish the app: {link}")
SCOPE_NOT_TOLD = Sentence("{scope}: DingTalk gave another answer ({reason})")
SCOPE_SENDS = Sentence("messages by OpenAPI")
SCOPE_CARDS = Sentence("cards that ask for an approval")

# --- this computer --------------------------------------------------------------------------------

EDITOR = Sentence("Editor")
PYTHON = Sentence("Python")
PACKAGES = Sentence("Packages")
VERSIONS = Sentence("Versions")
SETTINGS = Sentence("Settings")
DISK = Sentence("Disk")
AGENTS = Sentence("Agents")
NOT_FROM_NEOVIM = Sentence("a shell does not know it; `:Chat doctor` checks it")
NEOVIM = Sentence("Neovim {version}")
PYTHON_RUNS = Sentence("{version}: {program}")
INSTALLED = Sentence("dingbridge {version} is installed")
SERVICE_OLDER = Sentence("the service (process {pid}) runs older code, of version {version}")
HOST_OLDER = Sentence("the host of Neovim process {pid} runs older code")
RESTART_IT = Sentence("`:Chat service restart` starts another one")
RESTART_NEOVIM = Sentence("Start that Neovim again")
ROOM = Sentence("{megabytes} MB are free")
ROOM_LOW = Sentence("only {megabytes} MB are free")
ROOM_GONE = Sentence("{megabytes} MB are free: messages cannot be written down")
MAKE_ROOM = Sentence("Make room on the disk")

# --- settings -------------------------------------------------------------------------------------

PEOPLE_LET_IN = Sentence("access: {count} people by the settings")
UNUSED_WITHOUT_APP = Sentence("without effect, because they need an app: {options}")
SET_APP = Sentence("Set `app_key` and `app_secret`, or remove them")
UNUSED_WITHOUT_WEBHOOK = Sentence("without effect, because they need `webhook`: {options}")
REMOVE_THEM = Sentence("Remove them")
UNKNOWN_VARIABLES = Sentence("environment variables that nothing reads: {names}")
VARIABLES_HELP = Sentence("Compare with the names under `:help dingbridge-options`")
VARIABLE_OVERRIDDEN = Sentence("the variable {name} is not used: `{option}` comes from elsewhere")

# --- the service ----------------------------------------------------------------------------------

SERVICE = Sentence("Service")
LINK = Sentence("Link")
QUEUE = Sentence("Queue")
QUOTA = Sentence("Quota")
OF_ACCOUNT = Sentence("{subject} of {account}")
NO_SERVICE = Sentence("none runs; the first `:Chat` of a Neovim starts it")
SERVICE_SILENT = Sentence("it does not answer")
SERVICE_UNFIT = Sentence("it is of another version, which does not understand the question")
SERVICE_RUNS = Sentence("process {pid} since {since}; attached Neovims: {count}")
NOT_SERVED = Sentence("no service has this robot")
OPEN_NEOVIM = Sentence(
    "Start Neovim with these settings, and bind a session: `:Chat bridge dingtalk`"
)
LINK_OPEN = Sentence("open; something came {seconds} s ago")
NEXT_TRY = Sentence("The next attempt is in {seconds} s")
HELD = Sentence("messages wait {seconds} s more")
AN_ERROR = Sentence("there was an error, which is in the log")
NOTHING_WAITS = Sentence("nothing waits, nothing failed")
QUOTA_FIX = Sentence("Wait for the next month, or let the organisation buy a larger edition")
NOTHING_COUNTED = Sentence("nothing was counted this month")

# --- the ping -------------------------------------------------------------------------------------

PING = Sentence("Ping")
SEND_PING = Sentence(
    "Send this to the robot in DingTalk, 1:1 or with a mention in a group, within {seconds} s:"
    " {text}"
)
PING_ONLY = Sentence("It counts from somebody with access, and reaches no session.")
PING_RECEIVED = Sentence("its frame came {seconds} s after the question")
PING_READ = Sentence("written down and read by the service {milliseconds} ms later")
PING_ANSWERED = Sentence("DingTalk accepted the answer {milliseconds} ms later")
PING_FAILED = Sentence("it came, but the answer was not accepted: {reason}")
PING_ANSWER_REFUSED = Sentence("it came, but the answer was not accepted")
PING_ARRIVES = Sentence("The way in works; look at the permissions above for the way out")
PING_MISSED = Sentence("`{text}` did not come within {seconds} s, although the link is open")
PING_REFUSED = Sentence(
    "Messages from people without access came meanwhile ({count}): `:Chat pair` shows who asks"
)
PING_OTHERS = Sentence(
    "Other messages came meanwhile ({count}): send exactly the text above, and nothing else"
)
PING_OTHER_CONNECTION = Sentence(
    "If DingTalk shows your message: another connection may have taken it. DingTalk gives each"
    " message to one of an app's connections, so two machines with one app get a part each. Leave"
    " Neovim on the other machine, end the other program, or give each machine an app of its own"
)
PING_NOWHERE = Sentence(
    "Else look in the console whether the app's latest version is published, its robot is on, and"
    " you may see it; in a group the robot must be a member and be mentioned"
)
PING_NEEDS_LINK = Sentence("not tried, because no service has an open link")
PING_LOST = Sentence("the service ended meanwhile")

# --- the report for others ------------------------------------------------------------------------

REPORT_WRITTEN = Sentence(
    "The report is {path}. It has no secrets, names or texts of messages; read it before you pass"
    " it on."
)
REPORT_NOT_WRITTEN = Sentence("The report {path} cannot be written ({reason}).")
