"""What a storm does, all of it drawn from its seed before it begins. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TypeVar

from publisher.crashes import POINTS

T = TypeVar("T")
BLOG = "blog"
PARAGRAPH = "오늘 우리 팀이 현장에서 배운 것을 나눕니다. " * 4
"""Long enough that two of them make a thread."""

STORIES: dict[tuple[str, ...], int] = {
    ("x",): 30,
    ("page",): 15,
    ("blog",): 5,
    ("blog", "x"): 15,
    ("blog", "page"): 5,
    ("blog", "x", "page"): 20,
    ("thread",): 10,
}
"""What stories are made of, and how often."""

ANSWERS: dict[str, int] = {
    "accept_then_reset": 16,
    "accept_then_5xx": 14,
    "accept_then_hang": 6,
    "bad_json": 6,
    "cut_body": 6,
    "html_502_posted": 5,
    "html_502": 8,
    "reject_then_5xx": 12,
    "rate_limited": 10,
    "latency": 12,
    "slow": 8,
    "missing_content_type": 4,
    "refused": 3,
    "unauthorized": 2,
    "credits_gone": 1,
}
"""How a platform spoils a create, and how often."""

CRASHES = tuple(point for point in POINTS if point != "bell-heard" and not point.endswith("patch"))

BLOWS: dict[str, int] = {
    "worker": 3,
    "parent": 3,
    "horse": 4,
    "frozen": 2,
    "dispatcher": 2,
    "web": 1,
    "supervisor": 1,
    "valkey": 2,
    "flush": 3,
    "database": 3,
    "lag": 4,
    "hold": 1,
}
"""What happens to the machine; `lag` changes how long timelines hide what is new, `hold` is a person's."""

DEEDS = ("cancel", "move", "edit", "now")


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does with a post, `at` seconds before (or after) it is due."""

    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Fault:
    """How the platform answers the create whose text has `tag`, so many times."""

    kind: str
    tag: str
    times: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One post. Each tag is a word of one text only: of the post, or of one part of its thread."""

    slug: str
    tags: tuple[str, ...]
    linked: bool = False
    when_late: str = "hold"
    fault: Fault | None = None
    deed: Deed | None = None
    crash: str = ""

    @property
    def kind(self) -> str:
        return self.slug.rstrip("0123456789")

    def text(self, version: int) -> str:
        """What it says, before or after its edit."""
        link = "\n{blog}" if self.linked else ""
        long = f" {PARAGRAPH}" if len(self.tags) > 1 else ""
        return "\n\n".join(f"{tag} v{version}{long}" for tag in self.tags) + link


@dataclass(frozen=True, slots=True)
class Tale:
    """A story: its posts, due together `at` seconds after the storm began."""

    number: int
    at: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Blow:
    """Something that happens to the machine, `at` seconds after the storm began."""

    at: float
    kind: str
    dice: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole storm."""

    seed: int
    seconds: float
    tales: tuple[Tale, ...]
    blows: tuple[Blow, ...]
    owners: tuple[str, ...] = field(repr=False)

    @property
    def posts(self) -> int:
        return sum(len(tale.pieces) for tale in self.tales)


def draw(seed: int, posts: int, seconds: float) -> Plan:
    """A storm of `posts` posts over so many seconds; short ones have their blows closer together."""
    every = max(1.2, min(3.0, seconds / 30))
    dice = random.Random(seed)
    count = max(6, posts // 40)
    owners = {
        "x": [f"x{n}" for n in range(1, count * 2 // 3 + 1)],
        "page": [f"page{n}" for n in range(1, count // 3 + 1)],
    }
    tales: list[Tale] = []
    left = posts
    while left > 0:
        fitting = {made: often for made, often in STORIES.items() if len(made) <= left}
        made = _pick(dice, fitting)
        pieces = _pieces(dice, len(tales), made, owners)
        tales.append(Tale(len(tales), dice.uniform(0, seconds), pieces))
        left -= len(made)
    tales.sort(key=lambda tale: tale.at)
    slugs = (BLOG, *owners["x"], *owners["page"])
    return Plan(seed, seconds, tuple(tales), tuple(_blows(dice, seconds, every)), slugs)


def _pieces(
    dice: random.Random, number: int, made: tuple[str, ...], owners: dict[str, list[str]]
) -> tuple[Piece, ...]:
    return tuple(
        _piece(dice, f"s{number}{kind[0]}", kind, owners, linked=made[0] == BLOG and kind != BLOG)
        for kind in made
    )


def _piece(
    dice: random.Random, name: str, kind: str, owners: dict[str, list[str]], *, linked: bool
) -> Piece:
    parts = dice.randint(2, 3) if kind == "thread" else 1
    tags = tuple(f"{name}{part}e" for part in range(parts))
    hit = kind != BLOG and dice.random() < 0.25
    return Piece(
        slug=BLOG if kind == BLOG else dice.choice(owners["page" if kind == "page" else "x"]),
        tags=tags,
        linked=linked,
        when_late=_pick(dice, {"hold": 80, "send_without": 15, "drop": 5}) if linked else "hold",
        fault=Fault(_pick(dice, ANSWERS), dice.choice(tags), dice.choice((1, 1, 1, 2)))
        if hit
        else None,
        deed=Deed(dice.choice(DEEDS), dice.uniform(-1.5, 0.7)) if dice.random() < 0.12 else None,
        crash=dice.choice(CRASHES) if dice.random() < 0.06 else "",
    )


def _blows(dice: random.Random, seconds: float, every: float) -> list[Blow]:
    """From a deck that is shuffled again when it is through, so that every kind comes."""
    blows: list[Blow] = []
    deck: list[str] = []
    at = every
    while at < seconds:
        if not deck:
            rest = [kind for kind, often in BLOWS.items() for _ in range(often - 1)]
            dice.shuffle(rest)
            first = list(BLOWS)
            dice.shuffle(first)
            deck = rest + first  # taken from the end: each kind once before any comes again
        blows.append(Blow(at, deck.pop(), dice.random()))
        at += every * dice.uniform(0.6, 1.4)
    return blows


def _pick(dice: random.Random, weights: dict[T, int]) -> T:
    return dice.choices(list(weights), list(weights.values()))[0]
