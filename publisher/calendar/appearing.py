"""Which categories could still appear in what somebody looks at, by how often they should."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from publisher.calendar import rhythm, rules, service
from publisher.calendar.board import View
from publisher.calendar.rhythm import Lacks, Want
from publisher.stories.categories import categories


def wanted(language: str, only: Collection[str] = ()) -> list[Want]:
    """How often each category should appear, of those with a rhythm; `only` those of these addresses."""
    return [
        Want(each.id, each.name(language), each.rhythm, each.rhythm_unit)
        for each in categories()
        if each.rhythm and (not only or each.slug in only)
    ]


def lacks(view: View, zone: ZoneInfo, today: date, language: str) -> Lacks:
    """What the weeks and the month of the view lack, whatever it filters by besides categories."""
    wants = wanted(language, view.filters.category)
    if view.kind == "days" or not wants:
        return Lacks()
    start, end = rules.span(view.first, view.last, zone)
    posts = service.days_of([want.category for want in wants], start, end)
    return rhythm.lacks(
        wants,
        [(category, rules.local_day(at, zone)) for category, at in posts],
        [view.first + timedelta(days=n) for n in range(0, (view.last - view.first).days, 7)],
        rules.month_of(view.middle) if view.kind == "month" else None,
        today,
    )
