"""A text as a platform without markup shows it: folded where it folds, marked where it is too long. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from publisher.stories import links

URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")
"""An address in a text, without the punctuation that follows it."""

_ADDRESS = re.compile(f"{links.PLACEHOLDER.pattern}|({URL.pattern})")
_GAP = re.compile(r"\s")


def host_of(url: str) -> str:
    """The machine that `url` names; empty where it names none, as "https://[" does while somebody writes."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of a text on a platform: plain words ("text"), a "link", the address of another post
    ("reference") or a placeholder that means none ("unknown"). `over`: the text is too long there already."""

    kind: str
    text: str
    href: str = ""
    over: bool = False

    @property
    def size(self) -> int:
        """Characters that counters reserve for it."""
        return len(self.text if self.kind in {"text", "link"} else links.RESERVED)


@dataclass(frozen=True, slots=True)
class Meant:
    """The post that a placeholder means: how it is called, and its address once it is out."""

    label: str
    href: str = ""


def cut(text: str, known: Mapping[str, Meant]) -> Iterator[Piece]:
    """`text` in words, links and references; `known` says what each placeholder means."""
    at = 0
    for match in _ADDRESS.finditer(text):
        if match.start() > at:
            yield Piece("text", text[at : match.start()])
        if not match[1]:
            yield (
                Piece("link", match[0], match[0]) if host_of(match[0]) else Piece("text", match[0])
            )
        elif meant := known.get(match[1]):
            yield Piece("reference", meant.label, meant.href)
        else:
            yield Piece("unknown", match[0])
        at = match.end()
    if at < len(text):
        yield Piece("text", text[at:])


def folded(pieces: Sequence[Piece], room: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """What is seen at once, and what only on "See more": cut between words; an address stays whole.

    No `room` (0), or room for everything: nothing is folded.
    """
    if not room or sum(piece.size for piece in pieces) <= room:
        return tuple(pieces), ()
    before, after = _parted(pieces, room)
    words = before[-1].text if before and before[-1].kind == "text" else ""
    if words and after[0].kind == "text":
        end = _last_gap(words)
        after[0] = replace(after[0], text=(words[end:] + after[0].text).lstrip())
        before[-1] = replace(before[-1], text=words[:end].rstrip())
    return tuple(before), tuple(after)


def marked(pieces: Sequence[Piece], over_at: int | None) -> tuple[Piece, ...]:
    """`pieces` with what stands at or behind `over_at` marked as too long. It counts as the
    counters do: an address with its reserved length, and too long as a whole when its end is."""
    if over_at is None:
        return tuple(pieces)
    before, after = _parted(pieces, over_at)
    return (*before, *(replace(piece, over=True) for piece in after))


def _parted(pieces: Sequence[Piece], room: int) -> tuple[list[Piece], list[Piece]]:
    for index, piece in enumerate(pieces):
        if piece.size > room:
            if piece.kind != "text" or not room:
                return list(pieces[:index]), list(pieces[index:])
            head, tail = piece.text[:room], piece.text[room:]
            rest = pieces[index + 1 :]
            return (
                [*pieces[:index], replace(piece, text=head)],
                [replace(piece, text=tail), *rest],
            )
        room -= piece.size
    return list(pieces), []


def _last_gap(words: str) -> int:
    """Where the last word begins that may be cut off: not more than the last thirty characters."""
    gaps = [gap.end() for gap in _GAP.finditer(words, max(0, len(words) - 30))]
    return gaps[-1] if gaps else len(words)
