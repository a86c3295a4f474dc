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
