"""Korean is complete: every text of code and templates is translated, with the same values filled in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
VALUES = re.compile(r"%\((\w+)\)[sd]")


def texts(message: Message) -> list[str]:
    """The message's texts; both forms where it has a plural."""
    return list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]


def translated(message: Message) -> list[str]:
    given = message.string
    return list(given) if isinstance(given, (tuple, list)) else [given]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What code and templates say now."""
    target = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = [
        *(sys.executable, "-m", "babel.messages.frontend", "-q"),
        *("extract", "-F", "pyproject.toml", "-o", str(target)),
        *("-k", "_l", "-k", "lazy_gettext", "."),
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with (ROOT / "translations/ko/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="ko")


def test_every_text_is_translated(used: Catalog, korean: Catalog) -> None:
    missing = [
        texts(message)[0]
        for message in used
        if message.id and ((known := korean.get(message.id)) is None or not all(translated(known)))
    ]
    assert missing == []


def test_nothing_is_translated_that_nobody_says(used: Catalog, korean: Catalog) -> None:
    assert [texts(each)[0] for each in korean if each.id and used.get(each.id) is None] == []


def test_translations_fill_in_the_same_values(korean: Catalog) -> None:
    for message in korean:
        if message.id:
            known = {value for text in texts(message) for value in VALUES.findall(text)}
            for text in translated(message):
                assert set(VALUES.findall(text)) <= known, text
                assert known - {"num"} <= set(VALUES.findall(text)), text
