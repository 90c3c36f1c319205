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
MANY = re.compile(
    r"(?<!at most )(?<!at least )(?<!longer than )"
    r"%\((count|num|n|total|limit|length|days|needed|left)\)[sd] (?:[a-z]+ )?[a-z]+s\b"
)
"""A number and a noun in the plural. What is said of a limit, "at most 40 characters", is never about one."""
ALWAYS_MANY = {
    "%(given)s of %(needed)s approvals": "shown where more than one is needed",
    "A thread of %(count)s posts": "one post is no thread",
    "This channel takes %(limit)s pictures per post; this one has %(count)s.": "4, 10 or 50",
    "The title has %(length)s characters; at most %(limit)s are shown.": "only of too long ones",
    "You keep %(count)s filters. Remove one first.": "the most there may be",
    "Picture %(image)s: its description has %(length)s characters, at most %(limit)s are kept.": (
        "only of too long ones"
    ),
}
PARTICLE = re.compile(r"%\(\w+\)[sd][”’\"]?(?:을|를|이|가|은|는|와|과|로|으로)(?![가-힣(])")
""""%(name)s가": right after some names and wrong after others. "은(는)" serves all; a counter word such as
"%(count)s개를" stands between; "(%(target)s)이" belongs to the word before the brackets."""


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


def test_one_of_something_is_not_said_in_the_plural(used: Catalog) -> None:
    singular = [each.id for each in used if isinstance(each.id, str) and MANY.search(each.id)]
    assert sorted(set(singular) - set(ALWAYS_MANY)) == [], "use ngettext"
    assert set(ALWAYS_MANY) <= set(singular), "an exception that nobody needs any more"


def test_no_particle_hangs_on_a_value_whose_last_sound_nobody_knows(korean: Catalog) -> None:
    found = [text for each in korean if each.id for text in translated(each)]
    assert [text for text in found if PARTICLE.search(text)] == []
