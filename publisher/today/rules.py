"""The week in a strip, and the order of what is to be written. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from publisher.calendar.rules import by_day

TROUBLE = frozenset({"failed", "missed", "needs_attention", "partly_published"})
DONE = frozenset({"published"})
AHEAD = frozenset({"scheduled", "waiting", "sending", "unconfirmed"})


class Shown(Protocol):
    """A post of the calendar, as far as the strip needs it."""

    @property
    def at(self) -> datetime | None: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DayInBrief:
    """One day: how many posts in all, and of them out, on the way, still in the making, and in trouble."""

    day: date
    total: int
    out: int
    ahead: int
    making: int
    trouble: int


def days_of(first: date, entries: Iterable[Shown], zone: ZoneInfo) -> Sequence[DayInBrief]:
    """The seven days from `first` on, on that zone's walls."""
    found = by_day(entries, zone)
    days = [first + timedelta(days=n) for n in range(7)]
    return [_brief(day, [entry.status for entry in found.get(day, ())]) for day in days]


def _brief(day: date, statuses: Sequence[str]) -> DayInBrief:
    counted = Counter(map(_kind, statuses))
    return DayInBrief(
        day, len(statuses), counted["out"], counted["ahead"], counted["making"], counted["trouble"]
    )


def _kind(status: str) -> str:
    for kind, statuses in (("out", DONE), ("ahead", AHEAD), ("trouble", TROUBLE)):
        if status in statuses:
            return kind
    return "making"


class Due(Protocol):
    """Something to be done by a time, or by none."""

    @property
    def due(self) -> datetime | None: ...


AnyDue = TypeVar("AnyDue", bound=Due)


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times; the only one where there is one; None without any."""
    return min((at for at in (one, other) if at is not None), default=None)


def next_first(tasks: Iterable[AnyDue]) -> list[AnyDue]:
    """The next one due first; what has no time comes last, in the order in which it came."""
    return sorted(tasks, key=lambda task: (task.due is None, task.due and task.due.timestamp()))
