"""How X counts a text: weights, addresses, emoji and cashtags by twitter-text's configuration 3. Linear."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from channels import _emoji, _urls

MAX_LENGTH = 280
URL_LENGTH = 23
EMOJI_LENGTH = 2

_LIGHT = "\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037"
"""Characters that weigh 1 (twitter-text/config/v3.json); all others weigh 2."""
_LIGHT_RUN = re.compile(f"[{_LIGHT}]+")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_INVALID = re.compile("[\ufffe\ufeff\uffff]")

_SPACE = "\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CASHTAG = re.compile(
    rf"(?:\A|[{_SPACE}])\$[A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?"
    r"(?=\Z|[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
    r"!'#%&()*+,\\\-./:;<=>?@\[\]^_{|}~$])"
)

MIN_PART_LENGTH = 60
_GAP = re.compile(r"\s")
_BORDERS = (
    (re.compile(r"\n\s*\n"), 0.5),
    (re.compile(r"(?<=[.!?\u3002\uff01\uff1f\u2026\"'\u201d\u2019)\]])\s+|\n"), 0.5),
    (re.compile(r"\s+"), 0.25),
)
"""Where a thread is cut, the best first, and how full the part must be for it."""
_JOINS = re.compile(
    "[\u0300-\u036f\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_MARKS = re.compile(rb"[^\0]{31,}")
_COMPOSED = re.compile("[\u0344\u0f73\u0f75\u0f81]")
_COMPOSED_MARKS = {
    0x0344: "\u0308\u0301",
    0x0F73: "\u0f71\u0f72",
    0x0F75: "\u0f71\u0f74",
    0x0F81: "\u0f71\u0f80",
}


@dataclass(frozen=True, slots=True)
class Weighing:
    """A text as X counts it. `over_at` and `urls` are indexes into the NFC form of the text."""

    length: int
    over_at: int | None
    urls: tuple[tuple[int, int], ...]


def nfc(text: str) -> str:
    """`text` in NFC. Unlike the library's, linear also for endless runs of combining marks."""
    return text if text.isascii() else unicodedata.normalize("NFC", _sort_marks(text))


def _sort_marks(text: str) -> str:
    """`text` with long runs of combining marks in canonical order already.

    The library sorts such a run by insertion: 100,000 marks keep it busy for eight seconds.
    """
    if _COMPOSED.search(text):
        text = text.translate(_COMPOSED_MARKS)
    classes = bytes(map(unicodedata.combining, text))
    pieces, at = [], 0
    for run in _MARKS.finditer(classes):
        marks = text[run.start() : run.end()]
        pieces += [text[at : run.start()], *sorted(marks, key=unicodedata.combining)]
        at = run.end()
    return "".join([*pieces, text[at:]])


def weigh(text: str, limit: int = MAX_LENGTH) -> Weighing:
    """The weighted length of `text`, where it passes `limit`, and the addresses in it."""
    text = nfc(text)
    urls, halved = _urls_in(text)
    total, over_at, at = 0, None, 0
    for start, end, weight in _entities(text, urls, halved):
        if start < at:
            continue
        if start > at:
            gap = text[at:start]
            added = _plain(gap)
            if over_at is None and total + added > limit:
                over_at = at + _fitting(gap, limit - total)
            total += added
        total += weight
        if over_at is None and total > limit:
            over_at = start
        at = end
    return Weighing(total, over_at, tuple(urls))


def weighted_length(text: str) -> int:
    """What `text` counts on X: most letters 1, Hangul and Han 2, an address 23, an emoji 2."""
    return weigh(text).length


def find_urls(text: str) -> list[tuple[int, int]]:
    """The addresses X would link in the NFC form of `text`, as (start, end), without a scheme too."""
    return _urls_in(nfc(text))[0]


def _urls_in(text: str) -> tuple[list[tuple[int, int]], set[int]]:
    """Addresses as spans of code points; and where one ends in the middle of a surrogate pair."""
    units = _urls.utf16_units(text)
    spans = _urls.find_urls(units)
    if units is text or not spans:
        return spans, set()
    astral = [match.start() for match in _ASTRAL.finditer(text)]
    in_units = [at + before for before, at in enumerate(astral)]
    halved = {end - 1 for _, end in spans}.intersection(in_units)

    def index(unit: int) -> int:
        return unit - bisect_left(in_units, unit)

    return [(index(start), index(end)) for start, end in spans], {index(at) for at in halved}


def _entities(
    text: str, urls: list[tuple[int, int]], halved: set[int]
) -> Iterator[tuple[int, int, int]]:
    """Addresses and emoji sequences by position as (start, end, weight); then an empty one at the end."""
    spans = [(start, end, URL_LENGTH) for start, end in urls]
    if _emoji.SECOND.search(text):
        taken = {start for start, _ in urls} | halved
        spans += [
            (*match.span(), EMOJI_LENGTH)
            for match in _emoji.SEQUENCE.finditer(text)
            if match.start() not in taken
        ]
        spans.sort()
    yield from spans
    yield len(text), len(text), 0


def _plain(text: str) -> int:
    """The weight of characters that belong to no address and no emoji sequence."""
    return len(text) if text.isascii() else len(text) + len(_LIGHT_RUN.sub("", text))


def _fitting(text: str, room: int) -> int:
    """How many of the first characters of plain `text` weigh at most `room`."""
    for count, char in enumerate(text):
        room -= _plain(char)
        if room < 0:
            return count
    return len(text)


def count_cashtags(text: str) -> int:
    """How many cashtags X sees, such as $ACME; a post may hold one."""
    return len(_CASHTAG.findall(text)) if "$" in text else 0


def has_invalid_characters(text: str) -> bool:
    """Whether `text` holds a character that X refuses: a byte order mark or a non-character."""
    return _INVALID.search(text) is not None


def split_thread(text: str, limit: int = MAX_LENGTH) -> list[str]:
    """`text` in parts of at most `limit`, numbered "1/3", cut at paragraphs, sentences or words.

    A text that fits is its only part, without a number. Deterministic; no address and no emoji is cut.
    Raises ValueError for a limit in which an address and a number may find no room.
    """
    if limit < MIN_PART_LENGTH:
        raise ValueError(f"a part of a thread needs a limit of at least {MIN_PART_LENGTH}")
    text = nfc(text).strip()
    if weigh(text, limit).over_at is None:
        return [text]
    digits = 1
    while True:
        parts = list(_parts(text, limit - len("\n\n/") - 2 * digits))
        if len(str(len(parts))) <= digits:
            return [f"{part}\n\n{number}/{len(parts)}" for number, part in enumerate(parts, 1)]
        digits += 1


def _parts(text: str, room: int) -> Iterator[str]:
    """Pieces of `text` that weigh at most `room` each."""
    while text:
        cut = _first_over(text, room)
        if cut is None:
            yield text
            return
        cut = _border_before(text, cut)
        while weighted_length(text[:cut].rstrip()) > room:
            cut = _border_before(text, cut - 1)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()


def _first_over(text: str, room: int) -> int | None:
    """Where `text` passes `room`, looking at no more of it than needed."""
    size = 2 * room
    while True:
        gap = _GAP.search(text, size, size + _urls.MAX_URL_LENGTH)
        window = text[: gap.start() if gap else size + _urls.MAX_URL_LENGTH]
        over_at = weigh(window, room).over_at
        if over_at is not None or len(window) == len(text):
            return over_at
        size *= 4


def _border_before(text: str, most: int) -> int:
    """Where to cut at or before `most`: the best kind of border that leaves the part reasonably full."""
    for border, least in _BORDERS:
        starts = [match.start() for match in border.finditer(text, 0, most + 1)]
        if starts and starts[-1] > most * least:
            return starts[-1]
    cut = most
    while cut > 1 and cut > most - 30 and _JOINS.match(text, cut):
        cut -= 1
    return max(cut, 1)
