"""The matrix: where a process dies × what the network does meanwhile. Data, and how each case is set up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """Where somebody dies: `place` is the crash point, `who` dies there (nobody, when `place` is empty)."""

    name: str
    place: str = ""
    who: str = "self"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the platform on a case's account, on its `create` calls, its `read`s of the timeline, the
    `patch` of a post, or on `any` call."""

    kind: str
    on: str = "create"
    times: int | None = 1
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the network and the platform do. `gate`: the address refuses connections at first.

    `asks`: the platform itself asks for a person, so that no machine may settle it.
    """

    name: str
    x: tuple[Fault, ...] = ()
    facebook: tuple[Fault, ...] = ()
    gate: bool = False
    asks: bool = False

    def faults(self, kind: str) -> tuple[Fault, ...]:
        return self.facebook if kind == "facebook" and self.facebook else self.x


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the table. Its account and the word in its text are its own."""

    number: int
    point: Point
    outcome: Outcome
    kind: str = "twitter"

    @property
    def word(self) -> str:
        return f"case{self.number:03d}z"

    @property
    def dies(self) -> bool:
        return bool(self.point.place)

    def __str__(self) -> str:
        return f"{self.word} {self.kind}: {self.point.name} × {self.outcome.name}"


NOBODY = Point("nobody dies")
BELL = Point("between bell and claim", "bell-heard")
PARENT = Point("RQ's worker alone, on the wire", "after-wire", "parent")
SUPERVISOR = Point("the supervisor, on the wire", "after-wire", "supervisor")
POINTS = (
    NOBODY,
    BELL,
    Point("within commit 1", "before-intent"),
    Point("after commit 1", "after-intent"),
    Point("within commit 2", "before-wire"),
    Point("after commit 2", "after-wire"),
    Point("half a request written", "half-written"),
    Point("answer read, not recorded", "answered"),
    Point("within commit 3", "before-outcome"),
    Point("after commit 3", "after-outcome"),
    PARENT,
    SUPERVISOR,
)
PATCH_POINTS = (
    Point("before the links' patch", "before-patch"),
    Point("after the links' patch", "after-patch"),
)

_LOCKED_OUT = {
    "code": 400,
    "body": {"error": {"code": 32, "message": "(#32) Page request limit reached"}},
    "headers": {
        "x-business-use-case-usage": json.dumps(
            {"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 0.05}]}
        )
    },
}
_LOST = Fault("accept_then_reset")
_EMPTY_X = {"code": 200, "body": {"meta": {"result_count": 0}}}
_EMPTY_PAGE: dict[str, Any] = {"code": 200, "body": {"data": []}}

OK = Outcome("all is well")
RESET_AFTER = Outcome("accepted, then reset", (_LOST,))
AUTHORITY_LOST = Outcome("401", (Fault("unauthorized", "any", None),), asks=True)
OUTCOMES = (
    OK,
    Outcome("connection refused", gate=True),
    Outcome(
        "429 with a reset",
        (Fault("rate_limited", args={"reset_after": 3}),),
        (Fault("status", args=_LOCKED_OUT),),
    ),
    Outcome("5xx, not accepted", (Fault("reject_then_5xx"),)),
    Outcome("accepted, then 5xx", (Fault("accept_then_5xx"),)),
    RESET_AFTER,
    Outcome("accepted, then silence", (Fault("accept_then_hang"),)),
    Outcome("reset before reading", (Fault("reset_before"),)),
    Outcome("unreadable 2xx", (Fault("bad_json"),)),
    Outcome("answer cut short", (Fault("cut_body"),)),
    AUTHORITY_LOST,
    Outcome("refused as a duplicate", (Fault("duplicate"),), asks=True),
    Outcome("slow", (Fault("slow", args={"seconds": 1.0}),)),
    Outcome(
        "lost, and the timeline lags",
        (_LOST, Fault("status", "read", args=_EMPTY_X)),
        (_LOST, Fault("status", "read", args=_EMPTY_PAGE)),
    ),
    Outcome("lost, and the timeline fails", (_LOST, Fault("read_fails", "read", 2))),
)
"""“accepted” means that the platform has done what was asked."""
PATCH_OUTCOMES = tuple(
    outcome
    for outcome in OUTCOMES
    if not outcome.gate and all(fault.on == "create" for fault in outcome.x) and not outcome.asks
)
"""Those that can happen to a call that changes a post."""


def full() -> tuple[Case, ...]:
    """Every point × every outcome on X; on Facebook, whose answers differ, without a crash and with those
    after which the platform must be asked; and both sides of a patch of links."""
    x = [(point, outcome, "twitter") for point in POINTS for outcome in OUTCOMES]
    asked = [point for point in POINTS if point.place in {"", "answered", "half-written"}]
    page = [(point, outcome, "facebook") for point in asked for outcome in OUTCOMES]
    patch = [(point, outcome, "patch") for point in PATCH_POINTS for outcome in PATCH_OUTCOMES]
    return tuple(_numbered([*x, *page, *patch]))


def short() -> tuple[Case, ...]:
    """Each point with an answer that got lost; each outcome with its answer not recorded."""
    answered = next(point for point in POINTS if point.place == "answered")
    rows = [(point, RESET_AFTER, "twitter") for point in POINTS]
    columns = [(answered, outcome, "twitter") for outcome in OUTCOMES if outcome != RESET_AFTER]
    patch = [(point, RESET_AFTER, "patch") for point in PATCH_POINTS]
    return tuple(_numbered([*rows, *columns, *patch]))


def shortest() -> tuple[Case, ...]:
    """Every other crash of a sender, with an answer that got lost."""
    rows = [point for point in POINTS if point not in {NOBODY, SUPERVISOR}][::2]
    return tuple(_numbered([(point, RESET_AFTER, "facebook") for point in rows]))


def _numbered(cells: list[tuple[Point, Outcome, str]]) -> Iterator[Case]:
    for number, (point, outcome, kind) in enumerate(cells, 1):
        yield Case(number, point, outcome, kind)
