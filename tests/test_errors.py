"""What failed, in words for whoever sent it."""

from __future__ import annotations

import pytest

from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable, in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused("it is too large"), "it is too large"),
        (Refused("The app is gone.", fix="Make one."), "The app is gone. Make one"),
        (Unreachable("no connection", fix="check the network"), "no connection. check the network"),
    ],
)
def test_what_happened_comes_first_and_then_what_to_do(error: DeliveryError, words: str) -> None:
    assert in_words(error) == words


def test_of_a_message_that_may_have_arrived_nobody_thinks_it_is_lost() -> None:
    assert in_words(Retryable("no answer came", may_have_arrived=True, fix="Check it.")) == (
        "no answer came. Check it. It may have arrived all the same: look in DingTalk before you"
        " send it again"
    )
