"""Timeouts and numbers of tries; the delay before a retry is in `delivery/plan.py`."""

from __future__ import annotations

# --- sending ------------------------------------------------------------------------------------

ANSWERED_TRIES = 5
"""Repeats (a count) after passing failures that the platform answered: 1 + 2 + 4 + 8 + 16 s."""

BACK_OFF_LONGEST = 60.0
"""Longest pause between two attempts while nothing can be reached."""

PAUSES = 5
"""Pauses (a count) that one chunk grants the platform before it counts as refused."""

SLOW = 1.0
"""A message that takes longer holds up its own conversation alone."""

AT_ONCE = 4
"""Messages (a count) of one robot that are sent at the same time, at most."""

IDLE_CONNECTION = 5.0
"""An HTTP connection that was idle this long is not used again."""

ANSWER_BYTES = 1_000_000
"""Longest answer that is read, in bytes. Real answers have a few hundred."""

END_TOLD_WITHIN = 60.0
"""Seconds after which a message's result is durable in its transcript; until then the outbox has
it."""

DONE_REMEMBERED = 24 * 3600.0
"""How long a delivered message's id is kept, so that a message submitted twice is sent once: an
editor may have been away for that long."""

# --- the disk -----------------------------------------------------------------------------------

DISK_FIRST_PAUSE = 0.1
"""Pause before a refused write is retried; it doubles with each refusal."""

DISK_PAUSE = 5.0
"""Longest pause before such a retry."""

LOCK_WITHIN = 5.0
"""Longest wait for a lock on a shared file, which other processes hold for milliseconds."""

STATE_EVERY = 1.0
"""Interval of writing counters to the state file: a killed process may lose that much of them."""

# --- what came with messages ----------------------------------------------------------------------

TEXT_FIRST_AFTER = 1.0
"""A message whose files take longer is shown without them at first."""

# --- the link -----------------------------------------------------------------------------------

LINK_BACK_OFF_LONGEST = 60.0
"""Longest pause between two attempts to connect (doc/dingtalk.md §4.5, as the SDKs)."""

LINK_REFUSED_PAUSE = 5.0
"""First pause after the platform refused to open a connection; it doubles with each refusal."""

LINK_LOGIN_PAUSE = 60.0
"""Shortest pause after refused credentials (doc/dingtalk.md §10)."""

LINK_LIVES = 5.0
"""A connection that lived this long ends an outage that was reported."""

LINK_STABLE = 60.0
"""A connection that lived this long resets the back-off."""

PING_AFTER = 30.0
"""Silence on the socket after which we ping (doc/dingtalk.md §4.5)."""

PONG_WITHIN = 10.0
"""Time for anything to come back after a ping before the socket counts as dead."""

LOOK_EVERY = 15.0
"""Interval of checks on a quiet connection, which detect that the machine slept."""

SLEPT = 25.0
"""A check that comes this long after the previous one means that the machine slept."""

# --- the service and its editors ----------------------------------------------------------------

ALL_HERE_WITHIN = 1.0
"""Time for the editors of an earlier service to attach to the next one."""

SETTLED_WITHIN = 2.0
"""Time after which commands are carried out even if a robot is not ours yet."""

SILENT_AFTER = 12.0
"""Silence of the service after which "does not answer" is reported."""

LINGER = 60.0
"""How long the service outlives its last editor, if any editor had a screen."""

SENDS_WITHIN = 600.0
"""How long the service stays after its last editor while messages wait that can be sent, or while
the disk refuses writes."""

LOOK_AROUND_EVERY = 20.0
"""Interval of an idle service's checks for messages that a Neovim with 0.1 wrote into the journal,
and for a removed socket file. All checks run together, so that it sleeps in between."""

# --- stopping and answering ---------------------------------------------------------------------

OBEYS_WITHIN = 3.0
"""Time for the service to confirm that it ends when the user stops it; then it is killed."""

STOP_WITHIN = 2.0
"""Longest time that Neovim's exit may wait for us."""

LEAVE_WITHIN = STOP_WITHIN / 2
"""The part of `STOP_WITHIN` for requests in flight and for closing links."""

JOB_WITHIN = 600.0
"""Longest run of a job that was started from DingTalk."""

REFUSAL_EVERY = 24 * 3600.0
"""A stranger gets one refusal in this time."""
