"""Timeouts, retry delays and numbers of tries: our own choices, in seconds unless noted."""

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
"""Messages (a count) of one robot that are under way at the same time at most."""

IDLE_CONNECTION = 5.0
"""An HTTP connection that lay idle this long is not used again."""

ANSWER_BYTES = 1_000_000
"""What is read of an answer at most, in bytes. Real answers are a few hundred."""

END_TOLD_WITHIN = 60.0
"""Seconds after which the end of a message stands in its transcript, also when the power fails."""

DONE_REMEMBERED = 24 * 3600.0
"""How long a delivered message's id is kept, against handing the same one over twice: an editor
may have been away for that long."""

# --- the disk -----------------------------------------------------------------------------------

DISK_FIRST_PAUSE = 0.1
"""Pause before what the disk refused is tried again; it doubles with each refusal."""

DISK_PAUSE = 5.0
"""Longest pause of that kind."""

LOCK_WITHIN = 5.0
"""Time for another process, such as a Neovim that runs 0.1, to let go of a file that it is writing;
that takes milliseconds."""

STATE_EVERY = 1.0
"""Counters and the like are written into the state file once in this time: a killed process may
lose so much of them."""

# --- what came with messages ----------------------------------------------------------------------

TEXT_FIRST_AFTER = 1.0
"""A message is shown without its files when those take longer: quick ones come with it."""

# --- the link -----------------------------------------------------------------------------------

LINK_BACK_OFF_LONGEST = 60.0
"""Longest pause between two attempts to connect (protocol section 4.5, as the SDKs)."""

LINK_REFUSED_PAUSE = 5.0
"""First pause after the platform refused to open a connection; it doubles with each refusal."""

LINK_LOGIN_PAUSE = 60.0
"""Shortest pause after refused credentials (protocol section 10)."""

LINK_LIVES = 5.0
"""A connection that lived this long ends an outage that the user was told of."""

LINK_STABLE = 60.0
"""A connection that lived this long makes the failures before it forgotten."""

PING_AFTER = 30.0
"""Silence on the socket after which we ping (protocol section 4.5)."""

PONG_WITHIN = 10.0
"""Time for anything to come back after a ping before the socket counts as dead."""

LOOK_EVERY = 15.0
"""How often a quiet connection is looked at, for the case that the machine slept meanwhile."""

SLEPT = 25.0
"""A look that comes so long after the one before it means that the machine slept."""

# --- the service and its editors ----------------------------------------------------------------

ALL_HERE_WITHIN = 1.0
"""Time for the editors of a service that is gone to find the next one."""

SETTLED_WITHIN = 2.0
"""Time after which commands are carried out even if a robot is not ours yet."""

SILENT_AFTER = 12.0
"""Time without a sign of life of the service after which it is told that it does not answer."""

LINGER = 60.0
"""Time for which the service outlives its last editor, if that one ever had a screen."""

SENDS_WITHIN = 600.0
"""Time for which the service stays after its last editor because messages wait that can leave, or
because the disk refuses something."""

LOOK_AROUND_EVERY = 20.0
"""How often an idle service looks for what nothing tells it: messages that a Neovim that runs 0.1
wrote into the journal, or a socket that was taken away. All at once, so that it sleeps in between.
"""

# --- stopping and answering ---------------------------------------------------------------------

OBEYS_WITHIN = 3.0
"""Time for the service to say that it ends when the user ends it; after that it is killed."""

STOP_WITHIN = 2.0
"""Longest time that leaving the editor may wait for us."""

LEAVE_WITHIN = STOP_WITHIN / 2
"""The part of it for what is under way: a request that is being answered, a link being closed."""

JOB_WITHIN = 600.0
"""Time that a job may take that was asked for from DingTalk."""

REFUSAL_EVERY = 24 * 3600.0
"""A stranger is told why only once in this time."""
