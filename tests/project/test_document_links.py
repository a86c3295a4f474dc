"""Every link in the documents leads to a file that is there and to a heading in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest

from tests.support.documents import CHINESE, IN_CHINESE, MANUAL, ROOT, TEXTS

DOCUMENTS = {**{name: TEXTS[name] for name in (*MANUAL, CHINESE, *IN_CHINESE)},
             "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text("utf-8")}  # fmt: skip


def without_code(text: str) -> str:
    """The text without blocks of code, and without code in sentences."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "`", text)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found: list[str] = []
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        kept = [
            each
            for each in title.lower()
            if each in " -_" or unicodedata.category(each)[0] in "LNM"
        ]
        anchor = "".join(kept).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return {*found}


def links() -> Iterator[tuple[str, str]]:
    """Each document and what a link in it leads to."""
    for name, text in DOCUMENTS.items():
        for address in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            yield name, address


LINKS = sorted({*links()})


def test_the_documents_link_to_each_other() -> None:
    assert len(LINKS) > 60


@pytest.mark.parametrize(("name", "address"), LINKS)
def test_a_link_leads_somewhere(name: str, address: str) -> None:
    if address.startswith("https://"):
        return
    path, _, anchor = address.partition("#")
    target = ((ROOT / name).parent / path).resolve() if path else ROOT / name
    assert target.is_file(), "no such file"
    assert target.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(target.read_text("utf-8")), "no such heading"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_are_of_kinds_that_can_be_checked(name: str) -> None:
    text = without_code(DOCUMENTS[name])
    assert not re.search(r"\]\[|^\[[^\]]+\]: ", text, re.MULTILINE), "a link by reference"
    assert "<a " not in text
