"""Months, days, filters, moves and marks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.calendar import rules
from publisher.calendar.rules import Filters
from publisher.errors import Invalid
from publisher.people.rules import Role
from publisher.zones import ZoneProblem

SEOUL = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Entry:
    post_id: int
    at: datetime | None
    account: str = "blog"
    status: str = "scheduled"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_month_is_whole_weeks_from_the_first_weekday() -> None:
    weeks = rules.month_weeks(2026, 11, rules.SUNDAY)
    assert weeks[0][0] == date(2026, 11, 1)
    assert weeks[-1][-1] == date(2026, 12, 5)
    assert rules.month_weeks(2026, 11, rules.MONDAY)[0][0] == date(2026, 10, 26)


@given(st.integers(1971, 2198), st.integers(1, 12), st.integers(-400, 400))
def test_months_count_on_and_back(year: int, month: int, steps: int) -> None:
    there = rules.next_month(year, month, steps)
    assert 1 <= there[1] <= 12
    assert rules.next_month(*there, -steps) == (year, month)


@pytest.mark.parametrize(("year", "month"), [(2026, 0), (2026, 13), (1, 1), (9999, 12)])
def test_other_months_are_not_shown(year: int, month: int) -> None:
    assert not rules.known_month(year, month)


def test_days_are_those_of_the_readers_wall() -> None:
    late = Entry(1, utc("2026-11-23T15:30"))
    assert list(rules.by_day([late, Entry(2, None)], SEOUL)) == [date(2026, 11, 24)]
    assert list(rules.by_day([late], NEW_YORK)) == [date(2026, 11, 23)]


def test_a_day_on_which_clocks_change_has_its_own_length() -> None:
    start, end = rules.span(date(2026, 3, 8), date(2026, 3, 8), NEW_YORK)
    assert end - start == timedelta(hours=23)
    start, end = rules.span(date(2026, 11, 1), date(2026, 11, 1), NEW_YORK)
    assert end - start == timedelta(hours=25)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis asks for naive bounds
    st.sampled_from([SEOUL, NEW_YORK]),
)
def test_every_instant_lies_in_the_span_of_its_local_day(at: datetime, zone: ZoneInfo) -> None:
    at = at.replace(tzinfo=UTC)
    day = rules.local_day(at, zone)
    start, end = rules.span(day, day, zone)
    assert start <= at < end


def test_a_wall_time_stays_the_same_across_a_change_of_clocks() -> None:
    friday = rules.meant(date(2026, 10, 30), time(9), "America/New_York")
    monday = rules.meant(date(2026, 11, 2), time(9), "America/New_York")
    assert monday.astimezone(NEW_YORK).hour == friday.astimezone(NEW_YORK).hour == 9
    assert monday - friday == timedelta(days=3, hours=1)


def test_a_wall_time_that_is_skipped_is_asked_for() -> None:
    with pytest.raises(ZoneProblem) as missing:
        rules.meant(date(2026, 3, 8), time(2, 30), "America/New_York")
    assert missing.value.code == "time_missing"


def test_a_wall_time_that_is_shown_twice_needs_a_choice() -> None:
    day, at, zone = date(2026, 11, 1), time(1, 30), "America/New_York"
    with pytest.raises(ZoneProblem) as ambiguous:
        rules.meant(day, at, zone)
    first, second = ambiguous.value.choices
    assert (first, second) == (utc("2026-11-01T05:30"), utc("2026-11-01T06:30"))
    assert rules.meant(day, at, zone, second) == second


def test_a_choice_counts_only_for_the_time_it_was_made_for() -> None:
    at = utc("2026-11-24T00:00:07")
    assert rules.meant(date(2026, 11, 24), time(9), "Asia/Seoul", at) == at
    other = rules.meant(date(2026, 11, 25), time(9), "Asia/Seoul", at)
    assert other == utc("2026-11-25T00:00")


@pytest.mark.parametrize("status", rules.STATUSES)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("opens", [True, False])
def test_who_may_move_what(status: str, role: Role, opens: bool) -> None:
    drafts = {"draft", "in_review", "changes_requested"}
    approved = {"approved", "scheduled", "waiting", "missed"}
    expected = (status in drafts and opens and role != Role.VIEWER) or (
        status in approved and role in {Role.EDITOR, Role.ADMIN}
    )
    assert rules.may_move(status, role, opens=opens) is expected


def test_gaps_are_working_days_of_two_weeks_ahead_without_a_post() -> None:
    far = date(2026, 12, 8)
    week = [far] + [date(2026, 11, 22) + timedelta(days=n) for n in range(7)]
    gaps = rules.gaps(week, [date(2026, 11, 25)], date(2026, 11, 24))
    assert gaps == {date(2026, 11, 24), date(2026, 11, 26), date(2026, 11, 27)}
    closed = [date(2026, 11, 26)]
    assert rules.gaps(week[1:], [], date(2026, 11, 25), closed) == {
        date(2026, 11, 25),
        date(2026, 11, 27),
    }


def test_filters_read_an_address_and_a_stored_object_alike() -> None:
    address = {"account": ["x", "blog", ""], "status": ["published", "draft"], "mine": ["1"]}
    filters = Filters.of(address)
    assert filters == Filters(("blog", "x"), ("draft", "published"), mine=True)
    assert Filters.of(filters.stored()) == filters
    assert filters.stored() == {
        "account": ["blog", "x"],
        "status": ["draft", "published"],
        "mine": True,
    }
    assert not Filters.of({"page": ["2"], "author": [""]})


def test_filters_lose_one_value_at_a_time() -> None:
    filters = Filters.of({"author": ["3", "4"], "mine": "1"})
    assert filters.without("author", 3) == Filters(author=(4,), mine=True)
    assert filters.without("mine", True) == Filters(author=(3, 4))


@pytest.mark.parametrize("wrong", [{"status": ["lost"]}, {"author": ["Ana"]}])
def test_filters_that_mean_nothing_are_refused(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid):
        Filters.of(wrong)


def test_a_kept_address_loses_what_does_not_exist_any_more() -> None:
    offered = {"account": {"blog"}, "status": {"draft"}, "author": {3}, "category": set[str]()}
    address = {
        "account": ["blog", "gone"],
        "status": ["old"],
        "author": ["3", "9", "Ana"],
        "mine": ["1"],
    }
    filters, lost = Filters.known(address, offered)
    assert filters == Filters(account=("blog",), author=(3,), mine=True)
    assert lost == ["gone", "old", "9", "Ana"]
