"""Sentences about access, for DingTalk in English alone."""

from __future__ import annotations

NO_ONE_TO_ONE = (
    "Sorry, I take no 1:1 messages. The owner of this robot can change the setting below."
)
NO_GROUPS = (
    "Sorry, I take no messages from groups. The owner of this robot can change the setting below."
)
GROUP_NOT_LISTED = (
    "Sorry, this group is not on the list. The owner of this robot can change the setting below."
)
NOT_A_USER = (
    "Sorry, you are not on this group's list. The owner of this robot can change the setting below."
)
NOT_LISTED = "Sorry, you are not on the list. The owner of this robot can change the setting below."
NOT_PAIRED = (
    "Sorry, you are not on the list (you can also write to me 1:1 to ask). The owner of this robot"
    " can change the setting below."
)
TOO_MANY_REQUESTS = (
    "Sorry, too many of your requests are open, try again in an hour. The owner of this robot can"
    " change the setting below."
)
NO_STAFF_ID = (
    "I see no staff id of yours: you are outside the organisation, or the app is not published."
)
SETTING = "- Setting: {line}"
YOUR_ID = "- Your id: {id}"
GROUP_ID = "- This group's conversationId: {id}"
CODE_FOR_PERSON = (
    "I do not know you yet. Ask the owner of this robot to type {command} in Neovim within"
    " {minutes} min."
)
CODE_FOR_GROUP = (
    "I do not know this group yet. Ask the owner of this robot to type {command} in Neovim within"
    " {minutes} min."
)
ACCEPTED = "You have access. /help"
ACCEPTED_ONCE = "You have access for {hours} h. /help"
GROUP_ACCEPTED = "This group has access. /help"
GROUP_ACCEPTED_ONCE = "This group has access for {hours} h. /help"
DENIED = "Your request was denied."
GROUP_DENIED = "The request for this group was denied."
