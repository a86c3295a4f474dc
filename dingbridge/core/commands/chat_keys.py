"""Declares the keys of the chat's buffers, which the option `keys` changes."""

from __future__ import annotations

from msgspec import Struct

_TRANSCRIPT = ("transcript",)
_DRAFT = ("draft",)
_BOTH = (*_TRANSCRIPT, *_DRAFT)


class KeyDeclaration(Struct, frozen=True):
    """One key of the chat.

    - `name`: its name in the option `keys`
    - `defaults`: the keys, as Neovim writes them
    - `meaning`: one sentence
    - `buffers`: `transcript`, `draft` or both
    - `modes`: Neovim's letters of the modes, such as `ni`
    """

    name: str
    defaults: tuple[str, ...]
    meaning: str
    buffers: tuple[str, ...] = _TRANSCRIPT
    modes: str = "n"

    @property
    def plug(self) -> str:
        """The mapping that other keys can be mapped to."""
        return f"<Plug>(dingbridge-{self.name.replace('_', '-')})"


CHAT_KEYS = (
    KeyDeclaration("help", ("g?",), "Show the keys.", _BOTH),
    KeyDeclaration("hide", ("q",), "Hide the chat. The draft stays.", _BOTH),
    KeyDeclaration("switch", ("<Tab>",), "Go to the draft, or back to the transcript.", _BOTH),
    KeyDeclaration("write", ("i", "a", "o", "I", "A", "O"), "Write in the draft."),
    KeyDeclaration("next", ("]]",), "Go to the next message.", modes="nxo"),
    KeyDeclaration("previous", ("[[",), "Go to the previous message.", modes="nxo"),
    KeyDeclaration(
        "reply", ("gr",), "Reply: quote the message in the draft, which goes to its conversation."
    ),
    KeyDeclaration("yank_code", ("gy",), "Yank the code block."),
    KeyDeclaration("retry", ("R",), "Send the failed message again."),
    KeyDeclaration("recall", ("U",), "Recall the message from DingTalk."),
    KeyDeclaration("open", ("<CR>", "gx"), "Open the link, or show what a step did."),
    KeyDeclaration(
        "show",
        ("K",),
        "Show where the link leads, what became of the message, or all of a step.",
    ),
    KeyDeclaration("fold", ("za",), "Show what a step of an agent did, or hide it again."),
    KeyDeclaration("go_to_file", ("gf",), "Open the file in another window."),
    KeyDeclaration("choose", ("gt",), "Choose the conversation that the draft goes to.", _BOTH),
    KeyDeclaration(
        "answer", ("<C-t>",), "Move the draft to whoever wrote meanwhile, or choose.", _DRAFT, "ni"
    ),
    KeyDeclaration(
        "earlier_text", ("<Up>",), "In an empty draft: the text that was sent before.", _DRAFT, "ni"
    ),
    KeyDeclaration("later_text", ("<Down>",), "Then: the text that was sent next.", _DRAFT, "ni"),
)
"""All keys, in the order in which they are shown."""

NAMES = tuple(key.name for key in CHAT_KEYS)
