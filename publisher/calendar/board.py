"""A month, a week, or a list of days, laid out for a page. Pure: entries in, days out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """What part of the calendar somebody looks at: the month of `first`, the week that begins with it, or the
    days `first` to `last`. `zone` is set where it is not the reader's own; `unfolded` when crowded days show
    all their posts at once, as on paper."""

    kind: str
    first: date
    last: date
    filters: Filters = field(default_factory=Filters)
    zone: str = ""
    unfolded: bool = False

    @classmethod
    def month(
        cls, year: int, month: int, filters: Filters, first_weekday: int, zone: str = ""
    ) -> View:
        """The weeks that the month's page shows."""
        weeks = rules.month_weeks(year, month, first_weekday)
        return cls("month", weeks[0][0], weeks[-1][-1], filters, zone)

    @classmethod
    def week(cls, day: date, filters: Filters, first_weekday: int, zone: str = "") -> View:
        """The week that `day` lies in."""
        return cls("week", *rules.week_of(day, first_weekday), filters, zone)

    @classmethod
    def days(cls, first: date, last: date | None, filters: Filters, zone: str = "") -> View:
        """The days from `first` to `last`, at most a year; without `last` a month ahead."""
        last = last or first + timedelta(days=LIST_DAYS)
        return cls("days", first, min(max(first, last), first + LONGEST_LIST), filters, zone)

    @property
    def middle(self) -> date:
        """A day of the month that is meant, whatever neighbours' days its weeks begin and end with."""
        return self.first + (self.last - self.first) / 2

    @property
    def endpoint(self) -> str:
        return f"calendar.{self.kind}"

    def as_month(self, day: date) -> dict[str, Any]:
        """The arguments of the address of that day's month, seen as this view is."""
        return {"year": day.year, "month": day.month} | self._seen(self.filters)

    def as_week(self, day: date) -> dict[str, Any]:
        """The arguments of the address of that day's week, seen as this view is."""
        return {"day": day.isoformat()} | self._seen(self.filters)

    def as_days(self, day: date | None = None) -> dict[str, Any]:
        """The arguments of the address of the list, of one day if given, seen as this view is."""
        own = {"from": day.isoformat(), "to": day.isoformat()} if day else {}
        return own | self._seen(self.filters)

    def place(self) -> dict[str, str]:
        """Where this view lies, as far as its path does not say it."""
        if self.kind == "month":
            return {}
        if self.kind == "week":
            return {"day": self.first.isoformat()}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def only(self, filters: Filters) -> dict[str, Any]:
        """The arguments of this view's address with other filters."""
        path = {"year": self.middle.year, "month": self.middle.month}
        return (path if self.kind == "month" else {}) | self.place() | self._seen(filters)

    def values(self, **changes: Any) -> dict[str, Any]:
        """The arguments of this view's address, some of them changed or (None) left out."""
        return self.only(self.filters) | changes

    def carried(self) -> dict[str, Any]:
        """This view in the arguments of another address, to come back to it."""
        if self.kind == "month":
            own = {"view": f"{self.middle:%Y-%m}"}
        elif self.kind == "week":
            own = {"week": self.first.isoformat()}
        else:
            own = self.place()
        return own | self._seen(self.filters)

    def _seen(self, filters: Filters) -> dict[str, Any]:
        return filters.address() | self.manner()

    def manner(self) -> dict[str, str]:
        """How the days are shown, as arguments of an address."""
        return ({"tz": self.zone} if self.zone else {}) | ({"all": "1"} if self.unfolded else {})


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a page: its entries, of which `fold` are shown before the rest unfolds, and its marks.

    `holiday` is the public holiday's name, `closed` why nothing should go out; empty for other days.
    """

    day: date
    entries: Sequence[CalendarEntry]
    fold: int
    other: bool
    today: bool
    gap: bool
    holiday: str
    closed: str

    @property
    def first(self) -> Sequence[CalendarEntry]:
        """What is seen at once."""
        return self.entries[: self.fold]

    @property
    def rest(self) -> Sequence[CalendarEntry]:
        """What unfolds."""
        return self.entries[self.fold :]

    @property
    def weekend(self) -> bool:
        return self.day.weekday() >= 5


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of the days of a view besides their posts."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    closed: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """The days of a view, in weeks."""

    weeks: Sequence[Sequence[Day]]
    total: int


def lay_out(
    view: View,
    entries: Sequence[CalendarEntry],
    zone: ZoneInfo,
    today: date,
    marks: Marks | None = None,
) -> Board:
    """The view's days with their entries; a month folds away what is more than SHOWN_A_DAY of each."""
    marks = marks or Marks()
    days = rules.by_day(entries, zone)
    shown = [view.first + timedelta(days=n) for n in range((view.last - view.first).days + 1)]
    closed = {*marks.holidays, *marks.closed}
    gaps = frozenset() if view.filters else rules.gaps(shown, days, today, closed)
    most = SHOWN_A_DAY if view.kind == "month" else len(entries)
    month = view.middle.month if view.kind == "month" else 0
    cells = [
        Day(
            day=day,
            entries=days.get(day, []),
            fold=most,
            other=bool(month) and day.month != month,
            today=day == today,
            gap=day in gaps,
            holiday=marks.holidays.get(day, ""),
            closed=marks.closed.get(day, ""),
        )
        for day in shown
    ]
    weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
    return Board(weeks, len(entries))
