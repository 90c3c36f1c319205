"""How often categories should appear, and what is still missing for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

WEEK, MONTH = "week", "month"


@dataclass(frozen=True, slots=True)
class Want:
    """`count` posts of the category in each `unit`, "week" or "month"."""

    category: int
    name: str
    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Lack:
    """So many posts of a category are missing, of as many as are wanted."""

    name: str
    missing: int
    count: int


@dataclass(frozen=True, slots=True)
class Lacks:
    """What is missing in the weeks of a view, by their first day, and in its month."""

    weeks: Mapping[date, Sequence[Lack]] = field(default_factory=dict)
    month: Sequence[Lack] = ()


def missing(
    wants: Iterable[Want], unit: str, posts: Iterable[tuple[int, date]], first: date, last: date
) -> list[Lack]:
    """What the days `first` to `last` lack of the wants of that unit. `posts` are categories and days."""
    there = [category for category, day in posts if first <= day <= last]
    return [
        Lack(want.name, want.count - found, want.count)
        for want in wants
        if want.unit == unit and (found := there.count(want.category)) < want.count
    ]


def lacks(
    wants: Sequence[Want],
    posts: Sequence[tuple[int, date]],
    weeks: Iterable[date],
    month: tuple[date, date] | None,
    today: date,
) -> Lacks:
    """What is missing in the weeks that begin on `weeks`, and in the month; nothing in what is over."""
    ends = {first: first + timedelta(days=6) for first in weeks}
    found = {
        first: lacking
        for first, last in ends.items()
        if last >= today and (lacking := missing(wants, WEEK, posts, first, last))
    }
    open_month = month if month and month[1] >= today else None
    return Lacks(found, missing(wants, MONTH, posts, *open_month) if open_month else ())
