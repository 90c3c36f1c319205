"""What planned posts do to each other: at one minute, too close, nearly the same words. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import nsmallest
from itertools import groupby, pairwise
from zlib import crc32

from publisher.calendar.rules import DRAFTS

MINUTE = timedelta(minutes=1)
NEAR = timedelta(minutes=30)
"""Posts of one account that lie closer, or closer than the account's own spacing, share readers."""
ALIKE_WITHIN = timedelta(days=14)
ALIKE = 0.6
"""The share of shingles from which on two texts say nearly the same."""
SHINGLE, SKETCH = 4, 64
SHORTEST = 20
"""Texts of fewer letters than this are too short to be told apart."""
READ = 600
"""So many letters of a text are compared."""

OPEN = DRAFTS | {"approved", "scheduled", "waiting"}
"""What can still be moved out of the way. The rest of what goes out is only an obstacle."""
OBSTACLES = frozenset(
    {"sending", "unconfirmed", "needs_attention", "published", "partly_published"}
)

Sketch = frozenset[int]
NO_SKETCH: Sketch = frozenset()
_NO_WORDS = re.compile(r"https?://\S+|\{[^{}\n]{1,80}\}|[\W_]+")


class Kind(StrEnum):
    """What is wrong between two posts, the worst first: of one account, and last across accounts."""

    SAME_MINUTE = "same_minute"
    CLOSE = "close"
    ALIKE = "alike"
    ELSEWHERE = "elsewhere"
    """Two stories go out at one minute, on different accounts: a hint, for who follows both."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the marks need to know of a post. `spacing_s` is its account's own, in seconds."""

    post_id: int
    story_id: int
    account_id: int
    status: str
    at: datetime
    spacing_s: float = 0.0
    sketch: Sketch = NO_SKETCH


@dataclass(frozen=True, slots=True)
class Clash:
    """One mark: what is wrong, with which post, and how many minutes lie between the two."""

    kind: Kind
    other_id: int
    minutes: int


def sketch(text: str) -> Sketch:
    """The smallest hashes of the text's runs of SHINGLE letters: sketches are as alike as their texts are.

    Case, punctuation, addresses and signs for links do not count. Empty for a text too short to judge.
    """
    letters = _NO_WORDS.sub("", text[: READ * 4].casefold())[:READ]
    if len(letters) < SHORTEST:
        return NO_SKETCH
    runs = {letters[start : start + SHINGLE] for start in range(len(letters) - SHINGLE + 1)}
    return frozenset(nsmallest(SKETCH, (crc32(run.encode()) for run in runs)))


@lru_cache(maxsize=8192)
def similarity(one: Sketch, other: Sketch) -> float:
    """From 0 (nothing in common) to 1 (the same); 0 where one of them was too short."""
    if not one or not other:
        return 0.0
    smallest = nsmallest(SKETCH, one | other)
    return sum(part in one and part in other for part in smallest) / len(smallest)


def find(posts: Iterable[Planned]) -> dict[int, tuple[Clash, ...]]:
    """What is wrong with each post that can still be moved; those without a mark are left out.

    One pass per account over its posts by time: as many steps as there are posts and shingles.
    """
    going = [post for post in posts if post.status in OPEN or post.status in OBSTACLES]
    going.sort(key=lambda post: (post.at, post.post_id))
    found: dict[int, list[Clash]] = defaultdict(list)
    for one, other, kind in (*_within_accounts(going), *_elsewhere(going)):
        minutes = round(abs(other.at - one.at).total_seconds() / 60)
        for post, against in ((one, other), (other, one)):
            if post.status in OPEN:
                found[post.post_id].append(Clash(kind, against.post_id, minutes))
    return {post_id: tuple(_worst(marks)) for post_id, marks in found.items()}


Pair = tuple[Planned, Planned, Kind]


def _within_accounts(going: Iterable[Planned]) -> Iterator[Pair]:
    accounts: dict[int, list[Planned]] = defaultdict(list)
    for post in going:
        accounts[post.account_id].append(post)
    for of_account in accounts.values():
        yield from _too_close(of_account)
        yield from _alike(of_account)


def _elsewhere(going: Iterable[Planned]) -> Iterator[Pair]:
    """Each post with one of another story and account at the same minute, the one before it if it can."""
    for _at, group in groupby(going, key=lambda post: post.at.replace(second=0, microsecond=0)):
        together = list(group)
        if len({post.account_id for post in together}) == 1:
            continue
        for place, one in enumerate(together):
            for other in (*together[:place][::-1], *together[place + 1 :]):
                if one.story_id != other.story_id and one.account_id != other.account_id:
                    yield one, other, Kind.ELSEWHERE
                    break


def may_clash(one: Planned, other: Planned) -> bool:
    """Whether `find` may mark the one for the other: at one minute, or of one account and either close to
    each other or with enough words in common. Quick, to leave out the most."""
    apart = abs(other.at - one.at)
    if one.account_id == other.account_id and (
        apart < distance(one.spacing_s) or _may_be_alike(one.sketch, other.sketch)
    ):
        return True
    return apart < MINUTE and one.at.minute == other.at.minute


def _may_be_alike(one: Sketch, other: Sketch) -> bool:
    """Never False where their similarity reaches ALIKE: that counts a part of what they have in common."""
    return len(one & other) / max(len(one), len(other), 1) >= ALIKE


def _too_close(ordered: Sequence[Planned]) -> Iterator[Pair]:
    for one, other in pairwise(ordered):
        if other.at - one.at >= distance(one.spacing_s):
            continue
        minute = one.at.replace(second=0, microsecond=0)
        same = other.at.replace(second=0, microsecond=0) == minute
        strangers = one.story_id != other.story_id
        yield one, other, Kind.SAME_MINUTE if same and strangers else Kind.CLOSE


def distance(spacing_s: float) -> timedelta:
    """How far apart the posts of an account with that spacing should lie."""
    return max(NEAR, timedelta(seconds=spacing_s))


def _alike(ordered: Sequence[Planned]) -> Iterator[Pair]:
    """Each post with the earlier one that shares most of its shingles, if that is much and not long ago."""
    latest: dict[int, int] = {}  # which post's text had a shingle last
    for place, post in enumerate(ordered):
        votes = Counter(map(latest.__getitem__, post.sketch & latest.keys()))
        for earlier, _count in votes.most_common(3):
            other = ordered[earlier]
            if (
                post.at - other.at <= ALIKE_WITHIN
                and similarity(post.sketch, other.sketch) >= ALIKE
            ):
                yield other, post, Kind.ALIKE
                break
        latest.update(dict.fromkeys(post.sketch, place))


def _worst(marks: Sequence[Clash]) -> list[Clash]:
    """One mark of each kind, the worst kind first, of the nearest post."""
    nearest: dict[Kind, Clash] = {}
    for mark in sorted(marks, key=lambda mark: mark.minutes):
        nearest.setdefault(mark.kind, mark)
    return [nearest[kind] for kind in Kind if kind in nearest]


def moved(posts: Iterable[Planned], times: Mapping[int, datetime]) -> list[Planned]:
    """The same posts, some of them at another time; one that does not go out any more would again."""
    return [
        replace(
            post,
            at=times[post.post_id],
            status=post.status if post.status in OPEN else "scheduled",
        )
        if post.post_id in times
        else post
        for post in posts
    ]
