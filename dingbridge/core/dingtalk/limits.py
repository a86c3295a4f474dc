"""The platform's limits (sizes, rates, lifetimes) and our margins, with units and sources."""

from __future__ import annotations

# --- size -------------------------------------------------------------------------------------

WEBHOOK_BODY_BYTES = 18_000
"""Encoded body of a webhook or session webhook post; the real limit is 20 000 (§1)."""

MSG_PARAM_BYTES = 14_000
"""Encoded `msgParam` of an OpenAPI send; the documented limit is 15 000 (§3)."""

SMALLEST_CHUNK_BYTES = 1_000
"""A chunk this small that is still "too long" is not split again but given up (§10)."""

TITLE_CHARACTERS = 20
"""Title of a Markdown message, as it shows in the conversation list (§9)."""

AT_MENTIONS = 50
"""People that one message may mention (§1)."""

BATCH_USERS = 20
"""`userIds` of one 1:1 send (§3)."""

REPORTED_CHARACTERS = 200
"""Characters of a text by the platform that our errors quote."""

# --- rate -------------------------------------------------------------------------------------

ROBOT_MESSAGES = 20
"""Messages that one robot may post into one conversation in `ROBOT_WINDOW` (§1, §5.4)."""

ROBOT_WINDOW = 60.0
"""Seconds that `ROBOT_MESSAGES` are counted over (§1)."""

RATE_PAUSE = 60.0
"""Seconds to hold a robot after its first "too fast" (§10)."""

RATE_PENALTY = 600.0
"""Seconds to hold a robot after a second "too fast": the platform's own penalty (§1)."""

SEND_PAUSE = 2.0
"""Seconds before the next OpenAPI send after `send.too.fast`, the first time (§10)."""

QPS_PAUSE = 1.5
"""Seconds to wait when calls per second are used up; the window is one second (§3)."""

QPM_PAUSE = 60.0
"""Seconds to wait when calls per minute are used up (§10)."""

PERSON_PAUSE = 60.0
"""Seconds before the next send to a person in `flowControlledStaffIdList` (§10)."""

BAN_PAUSE = 300.0
"""Seconds without any call after an answer in HTML: our IP address is banned (§0)."""

# --- time -------------------------------------------------------------------------------------

SEEN_SECONDS = 24 * 3600
"""Seconds for which ids of robot messages are kept, to detect repeats (§4.3: ≥ 5 min)."""

SESSION_WEBHOOK_MARGIN = 300.0
"""Seconds before its expiry at which we stop using a session webhook (§5.4)."""

TOKEN_SECONDS = 7200.0
"""Seconds that an access token is valid (§2)."""

TOKEN_MARGIN = 300.0
"""Seconds before its expiry at which we replace an access token (§2)."""

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for an HTTP connection; ours, nothing is published."""

READ_TIMEOUT = 30.0
"""Seconds to wait for an HTTP answer; ours, nothing is published."""
