"""The weekly times that an account likes to post at, and the next of them that is free. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from publisher import zones
from publisher.zones import ZoneProblem

AHEAD = timedelta(days=56)
"""How far ahead a free slot is looked for."""
SOONEST = timedelta(minutes=10)
"""A slot that begins sooner than this is no use: somebody still has to press a button."""


class Weekly(Protocol):
    """A wall time on a weekday (Monday is 0) in a zone."""

    @property
    def weekday(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """One occurrence of a slot: the instant, and the day and time on the walls of its zone."""

    instant: datetime
    day: date
    at: str
    zone: str


def wall_time(text: str) -> time | None:
    """The time that "09:00" says; None for anything else."""
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall time has no zone
    except ValueError:
        return None


def occurrences(slot: Weekly, after: datetime, until: datetime) -> Iterator[Moment]:
    """When the slot comes round after `after` and before `until`. Where clocks jump over it that week it does
    not come; where they show it twice it is the first."""
    at = wall_time(slot.at)
    if at is None:
        return
    day = after.astimezone(zones.zone_of(slot.zone)).date()
    day += timedelta(days=(slot.weekday - day.weekday()) % 7)
    while True:
        try:
            instant = zones.resolve(day, at, slot.zone, fold=0)
        except ZoneProblem:
            day += timedelta(days=7)
            continue
        if instant >= until:
            return
        if instant > after:
            yield Moment(instant, day, slot.at, slot.zone)
        day += timedelta(days=7)


def next_free(
    slots: Sequence[Weekly],
    taken: Collection[datetime],
    closed: Collection[date],
    now: datetime,
    distance: timedelta,
) -> Moment | None:
    """The earliest slot with no post of the account closer than `distance`, on no day that is `closed`."""
    after, until = now + SOONEST, now + AHEAD
    coming = sorted(
        (moment for slot in slots for moment in occurrences(slot, after, until)),
        key=lambda moment: moment.instant,
    )
    for moment in coming:
        near = any(abs(moment.instant - other) < distance for other in taken)
        if moment.day not in closed and not near:
            return moment
    return None
