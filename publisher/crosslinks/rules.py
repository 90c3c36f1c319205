"""Which addresses are written back under which post. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Live:
    """One published post of a story: whose it is, what kind of channel, and where it can be seen."""

    post_id: int
    kind: str
    label: str
    url: str


def links_under(post_id: int, live: Iterable[Live]) -> list[dict[str, str]]:
    """The whole block of links under one post: every other live post of its story, in a stable order."""
    others = sorted(
        (other for other in live if other.post_id != post_id),
        key=lambda other: (other.kind, other.post_id),
    )
    return [{"kind": other.kind, "label": other.label, "url": other.url} for other in others]
