"""Sentences about the connection to DingTalk."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

CONNECTED = Sentence("{name} is connected")
CONNECTED_AGAIN = Sentence("{name} is connected again")
NOT_CONNECTED = Sentence("{name} is not connected: {reason}")
TRYING_AGAIN = Sentence("Trying again by itself.")
RELEASED = Sentence("released")
NO_ANSWER_TO_CONNECT = Sentence("DingTalk did not answer the connection in time")
PROXY_REFUSED = Sentence("the proxy did not let us through")
CHECK_PROXY = Sentence("check the option `proxy` or the variable HTTPS_PROXY")
CERTIFICATE = Sentence("the certificate of the other side could not be verified")
CHECK_CLOCK = Sentence("check the clock, and REQUESTS_CA_BUNDLE if a proxy signs by itself")
TIMED_OUT = Sentence("no answer came within the time limit")
NO_CONNECTION = Sentence("no connection to DingTalk")
CHECK_NETWORK = Sentence("check the network")
REQUEST_FAILED = Sentence("the request failed ({error})")
CERTIFICATES_UNREADABLE = Sentence("the certificates to check the other side with cannot be read")
CHECK_CA_BUNDLE = Sentence("check the variable REQUESTS_CA_BUNDLE")
BROKE = Sentence("the connection broke before the answer")
BAD_ADDRESS = Sentence("the address cannot be used")
CHECK_ENDPOINT = Sentence("check `endpoint` and `proxy`, and the `webhook` of a custom robot")
OPENED_TOO_OFTEN = Sentence("opened too often within a minute")
NOT_ENCRYPTED = Sentence("DingTalk named a stream address without encryption")
SOCKET_REFUSED = Sentence("the stream socket was refused ({reason})")
SOCKET_BROKE = Sentence("the stream socket broke ({reason})")
SOCKET_SILENT = Sentence("the stream socket is silent: no answer to a ping")
SERVER_CLOSED = Sentence("the server closed the stream socket")
NOT_WRITTEN_DOWN = Sentence("a message cannot be written down ({reason})")
NO_SESSION_WEBHOOK = Sentence(
    "No sessionWebhook in a message from DingTalk: answers to it go by OpenAPI, which takes calls"
    " of the month's quota and reaches nobody without a staff id. Check the robot's permissions in"
    " the DingTalk console and publish the app"
)
DEFECT = Sentence("a defect ({error})")
