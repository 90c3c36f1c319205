"""How often categories should appear, and what weeks and months still lack."""

from __future__ import annotations

from datetime import date, timedelta

from publisher.calendar import rhythm
from publisher.calendar.rhythm import MONTH, WEEK, Lack, Want

SUNDAY = date(2026, 11, 22)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
HOW_TO, CULTURE = Want(1, "How-to", 2, WEEK), Want(2, "Culture", 3, MONTH)


def on(category: int, *days: int) -> list[tuple[int, date]]:
    return [(category, SUNDAY + timedelta(days=day)) for day in days]


def test_a_week_lacks_what_was_not_planned_in_its_seven_days() -> None:
    found = rhythm.lacks([HOW_TO, CULTURE], on(1, -1, 0, 7), [SUNDAY], None, SUNDAY)
    assert found.weeks == {SUNDAY: [Lack("How-to", 1, 2)]}
    assert rhythm.lacks([HOW_TO], on(1, 0, 6), [SUNDAY], None, SUNDAY).weeks == {}
    assert rhythm.lacks([HOW_TO], on(1, 0, 1, 2), [SUNDAY], None, SUNDAY).weeks == {}


def test_posts_of_other_categories_do_not_count() -> None:
    found = rhythm.lacks([HOW_TO], on(2, 0, 1), [SUNDAY], None, SUNDAY)
    assert found.weeks == {SUNDAY: [Lack("How-to", 2, 2)]}


def test_a_month_counts_its_own_days_only() -> None:
    posts = on(2, 0, 8, 9)  # the 22nd and the 30th of November, the first of December
    found = rhythm.lacks([HOW_TO, CULTURE], posts, [], NOVEMBER, SUNDAY)
    assert found.month == [Lack("Culture", 1, 3)]


def test_what_is_over_lacks_nothing_any_more() -> None:
    last_day, after = SUNDAY + timedelta(days=6), SUNDAY + timedelta(days=7)
    assert rhythm.lacks([HOW_TO], [], [SUNDAY], None, last_day).weeks
    assert not rhythm.lacks([HOW_TO], [], [SUNDAY], None, after).weeks
    assert rhythm.lacks([CULTURE], [], [], NOVEMBER, NOVEMBER[1]).month
    assert not rhythm.lacks([CULTURE], [], [], NOVEMBER, date(2026, 12, 1)).month
