"""How errors are put into words."""

from __future__ import annotations

import pytest

from dingbridge.core.errors import (
    DeliveryError,
    Refused,
    Retryable,
    Unreachable,
    in_words,
    whole_reason,
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused("it is too large"), "it is too large"),
        (Refused("The app is gone.", fix="Make one."), "The app is gone. Make one"),
        (Unreachable("no connection", fix="check the network"), "no connection. Check the network"),
    ],
)
def test_what_happened_comes_first_and_then_what_to_do(error: DeliveryError, words: str) -> None:
    assert whole_reason(error) == words


def test_of_a_message_that_may_have_arrived_nobody_thinks_it_is_lost() -> None:
    assert whole_reason(Retryable("no answer came", may_have_arrived=True, fix="Check it.")) == (
        "It may have arrived: look in DingTalk before you send it again. No answer came. Check it"
    )


@pytest.mark.parametrize(
    ("message", "fix", "words"),
    [
        ("no connection", "", "no connection"),
        ("no connection", "check the network", "no connection. Check the network"),
        ("It carries links only.", "Set app_key.", "It carries links only. Set app_key."),
        ("nobody is bound", ":Chat bridge dingtalk binds one", None),
        ("no time is left", "--timeout allows more", None),
        ("it is missing", "app_key names it", None),
        ("the file is wrong.", "`webhook` is", "the file is wrong. `webhook` is"),
        ("抱歉。", "check the network", "抱歉。 Check the network"),
    ],
)
def test_a_message_and_its_fix_are_sentences_with_one_full_stop(
    message: str, fix: str, words: str | None
) -> None:
    assert in_words(message, fix) == (words if words is not None else f"{message}. {fix}")
