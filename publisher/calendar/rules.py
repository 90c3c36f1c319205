"""Months, weeks, days, filters and moves of the editorial calendar. Pure."""

from __future__ import annotations

from calendar import Calendar, monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from publisher import zones
from publisher.errors import Invalid
from publisher.people.rules import Role, at_least

MONDAY, SUNDAY = 0, 6
FIRST_WEEKDAY = {"ko": SUNDAY, "en": SUNDAY}
"""The first day of a week by language, numbered as `date.weekday()` does; others begin on Monday."""

STATUSES = (
    "draft",
    "in_review",
    "changes_requested",
    "approved",
    "scheduled",
    "waiting",
    "sending",
    "published",
    "partly_published",
    "unconfirmed",
    "needs_attention",
    "failed",
    "missed",
    "taken_down",
    "cancelled",
)
"""What a post can show, in the order of its life."""

DRAFTS = frozenset({"draft", "in_review", "changes_requested"})
APPROVED = frozenset({"approved", "scheduled", "waiting", "missed"})
"""With DRAFTS, what may get another time. The rest is on its way, out, or no longer planned."""

YEARS = zones.YEARS
GAP_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which posts somebody wants to see; no value means all. Authors by id, campaigns by name, the others by
    slug."""

    account: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    author: tuple[int, ...] = ()
    category: tuple[str, ...] = ()
    campaign: tuple[str, ...] = ()
    mine: bool = False

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) for part in fields(self))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Filters:
        """From a stored object or from the lists of an address.

        Raises Invalid for a status that nothing can show and for an author that is no number.
        """
        try:
            author = tuple(sorted({_person(value) for value in values(given, "author")}))
        except (TypeError, ValueError, OverflowError):
            raise Invalid(_("An author is named by a number."), fields={"author": "?"}) from None
        status = set(map(str, values(given, "status")))
        if unknown := sorted(status - set(STATUSES)):
            wrong = _("“%(name)s” is no status.", name=unknown[0])
            raise Invalid(wrong, fields={"status": unknown[0]})
        return cls(
            account=tuple(sorted(set(map(str, values(given, "account"))))),
            status=tuple(name for name in STATUSES if name in status),
            author=author,
            category=tuple(sorted(set(map(str, values(given, "category"))))),
            campaign=tuple(sorted(set(map(str, values(given, "campaign"))))),
            mine=values(given, "mine") in (["1"], ["on"], ["true"], [True]),
        )

    @classmethod
    def known(
        cls, given: Mapping[str, Any], offered: Mapping[str, Collection[Any]]
    ) -> tuple[Filters, list[str]]:
        """The filters of an address without what it names in vain, and those names: a link that was kept
        may be older than what it filters by. `offered` are the values that exist, by filter."""
        kept: dict[str, Any] = {"mine": given.get("mine")}
        lost: list[str] = []
        for name, exist in offered.items():
            by_text = {str(value): value for value in exist}
            wanted = list(map(str, values(given, name)))
            kept[name] = [by_text[value] for value in wanted if value in by_text]
            lost += [value for value in wanted if value not in by_text]
        return cls.of(kept), lost

    def stored(self) -> dict[str, Any]:
        """The same as JSON; without what does not filter."""
        found = {part.name: getattr(self, part.name) for part in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value
        }

    def address(self) -> dict[str, Any]:
        """The same as arguments of an address."""
        return self.stored() | ({"mine": "1"} if self.mine else {})

    def without(self, name: str, value: object) -> Filters:
        """The same with one value fewer."""
        kept = self.stored()
        kept[name] = [] if name == "mine" else [one for one in kept.get(name, ()) if one != value]
        return Filters.of(kept)


def _person(value: Any) -> int:
    """`value` as somebody's number; ValueError for one that nobody can have."""
    found = int(value)
    if not 0 <= found < 2**31:
        raise ValueError(value)
    return found


def values(given: Mapping[str, Any], name: str) -> list[Any]:
    """All that an address or a stored object says about `name`."""
    value = given.get(name)
    if value is None or value == "" or value is False:
        return []
    if isinstance(value, (list, tuple)):
        return [one for one in value if one not in ("", None)]
    return [value]


class Timed(Protocol):
    """Something at a time, or without one."""

    @property
    def at(self) -> datetime | None: ...


AnyTimed = TypeVar("AnyTimed", bound=Timed)


def month_weeks(year: int, month: int, first_weekday: int) -> list[list[date]]:
    """The month's weeks as seven days each, filled up with the neighbours' days."""
    return Calendar(first_weekday).monthdatescalendar(year, month)


def week_of(day: date, first_weekday: int) -> tuple[date, date]:
    """The first and the last day of the week that `day` lies in."""
    first = day - timedelta(days=(day.weekday() - first_weekday) % 7)
    return first, first + timedelta(days=6)


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of its month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def next_month(year: int, month: int, steps: int = 1) -> tuple[int, int]:
    """The month that many steps later, or earlier."""
    months = year * 12 + month - 1 + steps
    return months // 12, months % 12 + 1


def known_month(year: int, month: int) -> bool:
    """Whether the calendar shows that month."""
    return year in YEARS and 1 <= month <= 12


def span(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants from which and before which `first` to `last` (included) lie on a zone's walls."""
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day that `at` falls on, on that zone's walls."""
    return at.astimezone(zone).date()


def by_day(entries: Iterable[AnyTimed], zone: ZoneInfo) -> dict[date, list[AnyTimed]]:
    """The entries of each local day, in the order given. Entries without a time are left out."""
    days: dict[date, list[AnyTimed]] = defaultdict(list)
    for entry in entries:
        if entry.at is not None:
            days[local_day(entry.at, zone)].append(entry)
    return dict(days)


def may_move(status: str, role: Role | str, *, opens: bool) -> bool:
    """Whether somebody who `opens` the story or not may give a post that shows `status` another time.

    Editors alone decide when approved words go out.
    """
    if status in DRAFTS:
        return opens and at_least(role, Role.AUTHOR)
    return status in APPROVED and at_least(role, Role.EDITOR)


def meant(day: date, at: time, zone: str, chosen: datetime | None = None) -> datetime:
    """The instant at which clocks in `zone` show `at` on `day`, whichever offset rules that day.

    `chosen` counts if clocks show that time then: it says which of two, and knows the seconds. Raises
    zones.ZoneProblem when clocks jump over that time, or show it twice and nothing was chosen.
    """
    at = at.replace(second=0, microsecond=0)
    if chosen is not None and zones.wall(chosen, zone) == f"{day}T{at:%H:%M}":
        return chosen
    return zones.resolve(day, at, zone)


def shifted(at: datetime, zone: str, days: int) -> datetime:
    """The instant at which clocks in `zone` show the same time so many days later, or earlier.

    Where clocks jump over that time it is as much later as they jump; where they show it twice, the first.
    Raises Invalid outside of the calendar's years.
    """
    wall = at.astimezone(zones.zone_of(zone))
    day = wall.date() + timedelta(days=days)
    try:
        return zones.resolve(day, wall.time(), zone, fold=0)
    except zones.ZoneProblem as problem:
        return problem.choices[-1]


def seen_of(at: datetime | None) -> str:
    """A post's time as a page carries it along, to notice that somebody else moved it; empty for none."""
    return at.isoformat() if at else ""


def gaps(
    days: Iterable[date], busy: Iterable[date], today: date, closed: Iterable[date] = ()
) -> frozenset[date]:
    """The working days of the coming two weeks for which nothing is planned: later ones are not late yet.

    `closed` days, holidays say, are no working days.
    """
    taken, last = {*busy, *closed}, today + GAP_AHEAD
    return frozenset(
        day for day in days if today <= day < last and day.weekday() < 5 and day not in taken
    )
