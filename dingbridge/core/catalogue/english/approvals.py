"""Sentences about approvals, for DingTalk in English alone."""

from __future__ import annotations

ALLOWED = "✅ Allowed"
ALLOWED_ALWAYS = "✅ Allowed always"
REJECTED = "❌ Rejected"
EXPIRED = "⏰ Expired, so refused"
WITHDRAWN = "⚪ Not needed any more"
HOW_TO_TAKE_BACK = "Take it back: `/always off`"
DECIDED_BEFORE = "This request was closed before."
ONLY_ONCE = "This can be allowed once only: `/approve {code}` `/reject {code}`"
NO_SUCH_CODE = (
    "No such request for you, {code}: only the person who asked, or an admin, may answer one."
)
LOST = "This request is not known here any more, perhaps after a restart; then it was refused."
NONE_OPEN = "No request waits for you."
OPEN = "Waiting for you:"
HOW_TO_ANSWER = (
    "`/approve {code}` allows · `/reject {code}` rejects · `/always {code}` always allows"
)
HOW_TO_ANSWER_ONCE = "`/approve {code}` allows · `/reject {code}` rejects"
ALWAYS_OF = "Always allowed in this session: {kinds}"
NO_ALWAYS = "Nothing is always allowed in this session."
TAKEN_BACK = "You will be asked again about: {kinds}"
TAP_APPROVE = "Allow"
TAP_REJECT = "Reject"
TAP_ALWAYS = "Always"
QUESTION = "🔐 **{source}** asks to:\n\n{title}"
CUT_HERE = "… Cut here; the whole stands in Neovim."
WHOLE_IN_FILE = "The whole is in the file, and in Neovim."
MASKED = "Secrets are masked here; Neovim shows them."
VALID_UNTIL = "Valid until {time}, then refused."
TO_ROBOT = "Answer the robot in a 1:1 chat."
STATUS_ALWAYS = "- Always allowed: {kinds} (`/always off`)"
STATUS_OPEN = "- Approvals open: {count}"
