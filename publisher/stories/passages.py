"""Where the words stand that a comment speaks of, also in later revisions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from publisher.stories.diff import Kind, Span

LONGEST = 500
"""So many characters may a quote have; who means more means the whole text."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text, and the comment that speaks of it."""

    start: int
    end: int
    comment: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a difference that belongs to one comment's passage, or to none (0). `first` begins it."""

    kind: Kind
    text: str
    comment: int = 0
    first: bool = False


def find(text: str, quote: str, near: int | None = None, comment: int = 0) -> Passage | None:
    """Where `quote` stands in `text`, however its words are spaced; of several places the one closest to
    `near`. None when these words are no longer there."""
    words = quote.split()
    if not words:
        return None
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words))
    places = [Passage(*found.span(), comment) for found in pattern.finditer(text)]
    return min(places, key=lambda place: abs(place.start - (near or 0)), default=None)


def marked(spans: Sequence[Span], passages: Sequence[Passage]) -> list[Piece]:
    """The spans of a difference cut where passages of the new text begin and end. Where passages overlap,
    the one that began first has the words."""
    known = sorted(passages, key=lambda passage: (passage.start, passage.comment))
    seen: set[int] = set()
    pieces: list[Piece] = []
    at = 0
    for span in spans:
        if span.kind == "del":
            pieces.append(Piece(span.kind, span.text))
            continue
        for start, end in _cuts(at, at + len(span.text), known):
            owner = next((each for each in known if each.start <= start < each.end), None)
            comment = owner.comment if owner else 0
            words = span.text[start - at : end - at]
            first = owner is not None and comment not in seen
            pieces.append(Piece(span.kind, words, comment, first))
            seen.add(comment)
        at += len(span.text)
    return pieces


def _cuts(start: int, end: int, passages: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """From `start` to `end` in steps that no passage begins or ends within."""
    bounds = {start, end}
    for passage in passages:
        bounds |= {cut for cut in (passage.start, passage.end) if start < cut < end}
    ordered = sorted(bounds)
    yield from pairwise(ordered)
