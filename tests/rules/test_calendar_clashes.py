"""What planned posts do to each other, and the next slot that is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.calendar import clashes, holidays, rules, slots
from publisher.calendar.clashes import Clash, Kind, Planned

NINE = datetime(2026, 11, 24, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ARTICLE = (
    "우리 회사는 이번 분기에 새로운 제조 실행 시스템을 도입하여 불량률을 절반으로 줄였습니다. "
    "현장 담당자와 개발자가 석 달 동안 함께 일한 이야기를 전합니다."
)
OTHER = (
    "Our engineers explain how the new forecasting service was tested against ten years of orders."
)


def post(number: int, at: datetime, **more: object) -> Planned:
    values = {"story_id": number, "account_id": 1, "status": "scheduled", **more}
    return Planned(post_id=number, at=at, **values)  # type: ignore[arg-type]


# Too close


def test_posts_of_one_account_within_half_an_hour_are_too_close() -> None:
    found = clashes.find(
        [
            post(1, NINE),
            post(2, NINE + timedelta(minutes=29)),
            post(3, NINE + timedelta(minutes=59)),
            post(4, NINE + HOUR, account_id=2),
        ]
    )
    assert found == {1: (Clash(Kind.CLOSE, 2, 29),), 2: (Clash(Kind.CLOSE, 1, 29),)}


def test_an_account_s_own_spacing_counts_where_it_is_longer() -> None:
    apart = [post(1, NINE, spacing_s=7200), post(2, NINE + HOUR, spacing_s=7200)]
    assert set(clashes.find(apart)) == {1, 2}
    assert clashes.find([post(1, NINE), post(2, NINE + HOUR)]) == {}


def test_two_stories_at_one_minute_are_worse_than_close() -> None:
    found = clashes.find([post(1, NINE), post(2, NINE + timedelta(seconds=40))])
    assert [mark.kind for mark in found[1]] == [Kind.SAME_MINUTE]
    parts = [post(1, NINE, story_id=7), post(2, NINE, story_id=7)]
    assert [mark.kind for mark in clashes.find(parts)[1]] == [Kind.CLOSE]


def test_other_stories_at_one_minute_on_other_accounts_are_a_hint_and_the_mildest_mark() -> None:
    posts = [post(1, NINE), post(2, NINE + timedelta(seconds=40), account_id=2)]
    assert clashes.find(posts) == {
        1: (Clash(Kind.ELSEWHERE, 2, 1),),
        2: (Clash(Kind.ELSEWHERE, 1, 1),),
    }
    assert clashes.find([posts[0], post(2, NINE, account_id=2, story_id=1)]) == {}
    assert clashes.find([posts[0], post(2, NINE + timedelta(minutes=1), account_id=2)]) == {}
    found = clashes.find([*posts, post(3, NINE)])
    assert [mark.kind for mark in found[1]] == [Kind.SAME_MINUTE, Kind.ELSEWHERE]


@pytest.mark.parametrize("status", ["cancelled", "failed", "missed"])
def test_what_does_not_go_out_is_in_nobody_s_way(status: str) -> None:
    assert clashes.find([post(1, NINE), post(2, NINE, status=status)]) == {}


def test_only_what_can_still_be_moved_is_marked() -> None:
    assert set(clashes.find([post(1, NINE), post(2, NINE, status="published")])) == {1}
    out = [post(1, NINE, status="published"), post(2, NINE, status="sending")]
    assert clashes.find(out) == {}


# Nearly the same words


def test_a_text_with_a_few_words_changed_is_nearly_the_same() -> None:
    changed = ARTICLE.replace("석 달", "네 달") + " https://example.com/a {blog}"
    one, other = clashes.sketch(ARTICLE), clashes.sketch(changed)
    assert clashes.similarity(one, other) > clashes.ALIKE
    assert clashes.similarity(one, clashes.sketch(OTHER)) < 0.1


def test_case_punctuation_and_addresses_do_not_count() -> None:
    shouted = OTHER.upper().replace(" ", " – ") + " https://example.com/another/address?x=1"
    assert clashes.sketch(shouted) == clashes.sketch(OTHER)


def test_short_texts_are_not_judged() -> None:
    assert clashes.sketch("본문입니다.") == clashes.NO_SKETCH
    assert clashes.similarity(clashes.NO_SKETCH, clashes.NO_SKETCH) == 0


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_mutual_and_complete_with_itself(one: str, other: str) -> None:
    here, there = clashes.sketch(one), clashes.sketch(other)
    assert clashes.similarity(here, there) == clashes.similarity(there, here)
    assert clashes.similarity(here, here) == (1 if here else 0)


def test_the_same_words_within_two_weeks_on_one_account_are_marked() -> None:
    said = clashes.sketch(ARTICLE)
    first, near, far = post(1, NINE, sketch=said), NINE + timedelta(days=13), timedelta(days=15)
    found = clashes.find([first, post(2, near, sketch=said)])
    assert found[2] == (Clash(Kind.ALIKE, 1, 13 * 24 * 60),)
    assert clashes.find([first, post(2, NINE + far, sketch=said)]) == {}
    assert clashes.find([first, post(2, near, sketch=said, account_id=2)]) == {}
    assert clashes.find([first, post(2, near, sketch=clashes.sketch(OTHER))]) == {}


def test_marks_grow_with_the_posts_and_not_with_their_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All alike, all on one account, all within two weeks: the worst there is."""
    compared = []
    real = clashes.similarity

    def counting(one: clashes.Sketch, other: clashes.Sketch) -> float:
        compared.append(1)
        return real(one, other)

    monkeypatch.setattr(clashes, "similarity", counting)
    said = clashes.sketch(ARTICLE)
    posts = [post(n, NINE + n * HOUR, sketch=said) for n in range(300)]
    assert len(clashes.find(posts)) == 300
    assert len(compared) <= 3 * len(posts)


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 2), st.sampled_from(["", ARTICLE, OTHER])),
        min_size=1,
        max_size=6,
    )
)
def test_who_is_left_out_could_not_have_marked_it(
    others: list[tuple[int, int, str]],
) -> None:
    here = post(99, NINE + HOUR, sketch=clashes.sketch(ARTICLE))
    all_of_them = [
        post(n, NINE + timedelta(minutes=m), account_id=account, sketch=clashes.sketch(text))
        for n, (m, account, text) in enumerate(others, 1)
    ]
    near_it = [each for each in all_of_them if clashes.may_clash(here, each)]
    marks = clashes.find([*all_of_them, here]).get(99, ())
    assert [each.kind for each in clashes.find([*near_it, here]).get(99, ())] == [
        each.kind for each in marks
    ]


def test_a_moved_post_is_judged_where_it_goes() -> None:
    posts = [post(1, NINE), post(2, NINE + 5 * HOUR, status="missed")]
    assert set(clashes.find(clashes.moved(posts, {2: NINE + timedelta(minutes=5)}))) == {1, 2}


# Slots


@dataclass(frozen=True)
class Weekly:
    weekday: int
    at: str
    zone: str = "Asia/Seoul"


TUESDAY, THURSDAY = Weekly(1, "09:00"), Weekly(3, "14:00")
MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)
HALF = timedelta(minutes=30)


def test_the_next_free_slot_is_the_earliest_that_nothing_takes() -> None:
    free = slots.next_free([THURSDAY, TUESDAY], [], [], MONDAY, HALF)
    assert free == slots.Moment(NINE, date(2026, 11, 24), "09:00", "Asia/Seoul")
    near = [NINE + timedelta(minutes=20)]
    taken = slots.next_free([THURSDAY, TUESDAY], near, [], MONDAY, HALF)
    assert taken and taken.instant == datetime(2026, 11, 26, 5, tzinfo=UTC)
    closed = [date(2026, 11, 26)]
    later = slots.next_free([THURSDAY, TUESDAY], near, closed, MONDAY, HALF)
    assert later and later.day == date(2026, 12, 1)


def test_a_slot_that_begins_any_moment_is_not_offered() -> None:
    soon = NINE - timedelta(minutes=5)
    found = slots.next_free([TUESDAY], [], [], soon, HALF)
    assert found and found.day == date(2026, 12, 1)
    assert slots.next_free([], [], [], MONDAY, HALF) is None


def test_a_slot_keeps_its_wall_time_when_clocks_change_and_skips_a_time_that_is_not_there() -> None:
    sunday = Weekly(6, "02:30", "America/New_York")
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    days = [found.day for found in slots.occurrences(sunday, start, start + timedelta(days=21))]
    assert days == [date(2026, 3, 15), date(2026, 3, 22)]
    there = ZoneInfo("America/New_York")
    found = slots.occurrences(Weekly(6, "09:00", there.key), start, start + timedelta(days=60))
    assert {each.instant.astimezone(there).time() for each in found} == {time(9)}


@pytest.mark.parametrize("text", ["", "9", "24:00", "09:00:00", "x"])
def test_what_is_no_time_of_day_is_none(text: str) -> None:
    assert slots.wall_time(text) is None


# Moving by days


def test_a_post_moved_across_a_change_of_clocks_keeps_its_time_of_day() -> None:
    friday = datetime(2026, 10, 30, 13, tzinfo=UTC)  # nine in New York, before clocks go back
    moved = rules.shifted(friday, "America/New_York", 7)
    assert moved == datetime(2026, 11, 6, 14, tzinfo=UTC)
    assert rules.shifted(moved, "America/New_York", -7) == friday


def test_a_time_that_clocks_jump_over_comes_as_much_later() -> None:
    before = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)  # half past two in New York
    assert rules.shifted(before, "America/New_York", 7) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_weeks_begin_where_the_reader_s_do() -> None:
    tuesday = date(2026, 11, 24)
    assert rules.week_of(tuesday, rules.SUNDAY) == (date(2026, 11, 22), date(2026, 11, 28))
    assert rules.week_of(tuesday, rules.MONDAY) == (date(2026, 11, 23), date(2026, 11, 29))
    sunday = date(2026, 11, 22)
    assert rules.week_of(sunday, rules.SUNDAY)[0] == sunday


# Public holidays


KNOWN = {
    2025: "01-01 01-27 01-28 01-29 01-30 03-01 03-03 05-05 05-06 06-03 06-06 08-15 10-03 10-05 10-06 10-07 "
    "10-08 10-09 12-25",
    2026: "01-01 02-16 02-17 02-18 03-01 03-02 05-01 05-05 05-24 05-25 06-03 06-06 07-17 08-15 08-17 09-24 "
    "09-25 09-26 10-03 10-05 10-09 12-25",
    2027: "01-01 02-06 02-07 02-08 02-09 03-01 05-01 05-03 05-05 05-13 06-06 07-17 07-19 08-15 08-16 09-14 "
    "09-15 09-16 10-03 10-04 10-09 10-11 12-25 12-27",
    2028: "01-01 01-26 01-27 01-28 03-01 04-12 05-01 05-02 05-05 06-06 07-17 08-15 10-02 10-03 10-04 10-05 "
    "10-09 12-25",
    2029: "01-01 02-12 02-13 02-14 03-01 05-01 05-05 05-07 05-20 05-21 06-06 07-17 08-15 09-21 09-22 09-23 "
    "09-24 10-03 10-09 12-25",
    2030: "01-01 02-02 02-03 02-04 02-05 03-01 03-27 05-01 05-05 05-06 05-09 06-06 06-12 07-17 08-15 09-11 "
    "09-12 09-13 10-03 10-09 12-25",
}
"""Every public holiday of these years as another implementation, the library `holidays` 0.109, has it."""


@pytest.mark.parametrize("year", KNOWN)
def test_lunar_election_and_substitute_holidays_are_known(year: int) -> None:
    assert " ".join(f"{day:%m-%d}" for day in holidays.of_year(year)) == KNOWN[year]


def test_a_substitute_is_given_once_for_two_holidays_on_one_day() -> None:
    found = holidays.of_year(2028)
    assert set(found[date(2028, 10, 3)]) == {"chuseok", "foundation"}
    assert found[date(2028, 10, 5)] == ("substitute",)


@pytest.mark.parametrize("year", [1970, 2024, 2031, 2199])
def test_a_year_that_nobody_tabulated_has_no_holidays(year: int) -> None:
    assert holidays.between(date(year, 1, 1), date(year, 12, 31)) == {}
