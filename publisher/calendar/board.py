"""A month, or a list of days, laid out for a page. Pure: entries in, days out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from publisher.calendar import rules
from publisher.calendar.rules import Filters
from publisher.calendar.service import CalendarEntry

SHOWN_A_DAY = 5
LIST_DAYS = 30
LONGEST_LIST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class View:
    """What part of the calendar somebody looks at: the month of `first`, or the days `first` to `last`."""

    kind: str
    first: date
    last: date
    filters: Filters = field(default_factory=Filters)

    @classmethod
    def month(cls, year: int, month: int, filters: Filters, first_weekday: int) -> View:
        """The weeks that the month's page shows."""
        weeks = rules.month_weeks(year, month, first_weekday)
        return cls("month", weeks[0][0], weeks[-1][-1], filters)

    @classmethod
    def days(cls, first: date, last: date | None, filters: Filters) -> View:
        """The days from `first` to `last`, at most a year; without `last` a month ahead."""
        last = last or first + timedelta(days=LIST_DAYS)
        return cls("days", first, min(max(first, last), first + LONGEST_LIST), filters)

    @property
    def middle(self) -> date:
        """A day of the month that is meant, whatever neighbours' days its weeks begin and end with."""
        return self.first + (self.last - self.first) / 2

    @property
    def endpoint(self) -> str:
        return f"calendar.{self.kind}"

    def as_month(self, day: date) -> dict[str, Any]:
        """The arguments of the address of that day's month, filtered as this view is."""
        return {"year": day.year, "month": day.month} | self.filters.address()

    def as_days(self, day: date | None = None) -> dict[str, Any]:
        """The arguments of the address of the list, of one day if given, filtered as this view is."""
        own = {"from": day.isoformat(), "to": day.isoformat()} if day else {}
        return own | self.filters.address()

    def only(self, filters: Filters) -> dict[str, Any]:
        """The arguments of this view's address with other filters."""
        if self.kind == "month":
            return {"year": self.middle.year, "month": self.middle.month} | filters.address()
        return {"from": self.first.isoformat(), "to": self.last.isoformat()} | filters.address()

    def values(self, **changes: Any) -> dict[str, Any]:
        """The arguments of this view's address, some of them changed or (None) left out."""
        return self.only(self.filters) | changes

    def carried(self) -> dict[str, Any]:
        """This view in the arguments of another address, to come back to it."""
        if self.kind == "month":
            own = {"view": f"{self.middle:%Y-%m}"}
        else:
            own = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return own | self.filters.address()


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a page: its entries, how many more there are, and its marks."""

    day: date
    entries: Sequence[CalendarEntry]
    more: int
    other: bool
    today: bool
    gap: bool

    @property
    def weekend(self) -> bool:
        return self.day.weekday() >= 5


@dataclass(frozen=True, slots=True)
class Board:
    """The days of a view, in weeks, and the posts that come too close to each other."""

    weeks: Sequence[Sequence[Day]]
    clashing: frozenset[int]
    total: int


def lay_out(view: View, entries: Sequence[CalendarEntry], zone: ZoneInfo, today: date) -> Board:
    """The view's days with their entries; a month shows SHOWN_A_DAY of each."""
    days = rules.by_day(entries, zone)
    shown = [view.first + timedelta(days=n) for n in range((view.last - view.first).days + 1)]
    gaps = frozenset() if view.filters else rules.gaps(shown, days, today)
    most = SHOWN_A_DAY if view.kind == "month" else len(entries)
    month = view.middle.month if view.kind == "month" else 0
    cells = [
        Day(
            day=day,
            entries=(found := days.get(day, []))[:most],
            more=max(0, len(found) - most),
            other=bool(month) and day.month != month,
            today=day == today,
            gap=day in gaps,
        )
        for day in shown
    ]
    weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
    return Board(weeks, rules.clashes(entries), len(entries))
