"""Words that replace parts of a received message that cannot be shown."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

FETCHING = Sentence("fetching {attachment} …")
NOT_FETCHED = Sentence("{attachment} (not fetched: {reason})")
CUT_OFF = Sentence("[… {count:,} more characters were cut off]")
UNSHOWN_LINK = Sentence("[a link that cannot be shown]")
UNSUPPORTED = Sentence("[message of type {kind}, not supported yet]")
RECORD_UNREADABLE = Sentence("[its messages cannot be read]")
RECORD_LONGER = Sentence("[… {count:,} more messages are not shown]")
WITHOUT_TEXT = Sentence("[message without text]")
TOO_MANY_ATTACHMENTS = Sentence(
    "{attachment} (not fetched: a message may bring {most} attachments)"
)
UNKNOWN_PART = Sentence("[unknown part]")
NOT_KEPT = Sentence("[… {count:,} more characters were not kept]")
ERROR_INSTEAD = Sentence("[DingTalk sent error {error} in place of the message]")
ANSWERS_OURS = Sentence("In answer to our own message:")
ANSWERS_OURS_UNSEEN = Sentence("In answer to a message of our own that cannot be shown.")
ANSWERS = Sentence("In answer to **{author}**:")
ANSWERS_UNSEEN = Sentence("In answer to a message by **{author}** that cannot be shown.")
ANSWERS_SOMEBODY = Sentence("In answer to a message:")
ANSWERS_SOMEBODY_UNSEEN = Sentence("In answer to a message that cannot be shown.")
CARD = Sentence("[card]")
CARD_TITLED = Sentence("[card: {title}]")
RECORD = Sentence("[chat record]")
RECORD_TITLED = Sentence("[chat record: {title}]")
EMOJI = Sentence("[emoji]")
MENTION = Sentence("[mention]")
PICTURE = Sentence("picture")
FILE = Sentence("file")
VOICE = Sentence("voice message")
VIDEO = Sentence("video")
FILE_LINE = Sentence("[file: {name}]")
