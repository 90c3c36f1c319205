"""When an account rests, slows down and is asked about; when a clock was moved; when posts are looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Quota
from publisher.accounts import rules
from publisher.accounts.rules import Reading
from publisher.deliveries.rules import first_look, next_look

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=12)
DAY, HOUR = 24 * 3600.0, 3600.0
WALL = NOW.timestamp()


def test_a_few_failures_do_not_rest_an_account() -> None:
    assert [rules.breaker_pause(strikes) for strikes in range(rules.BREAKER_AFTER)] == [None] * 5


def test_pauses_grow_with_each_try_that_fails_and_end_growing() -> None:
    pauses = [rules.breaker_pause(strikes) for strikes in range(5, 20)]
    assert pauses == sorted(pauses, key=lambda pause: pause or 0.0)
    assert pauses[0] == 30.0
    assert pauses[-1] == 900.0


@pytest.mark.parametrize(
    ("quota", "until"),
    [
        (Quota(remaining=37, resets_at=LATER), None),
        (Quota(remaining=1, resets_at=LATER), None),
        (Quota(remaining=0, resets_at=LATER), LATER),
        (Quota(used_percent=79.0), None),
        (Quota(used_percent=95.0), NOW + timedelta(hours=1)),
        (Quota(used_percent=100.0, resets_at=LATER), LATER),
        (Quota(), None),
    ],
)
def test_posts_stop_before_a_platform_refuses_them(quota: Quota, until: datetime | None) -> None:
    assert rules.free_again(quota, NOW) == until


def test_posts_slow_down_the_fuller_a_page_is() -> None:
    waits = [rules.free_again(Quota(used_percent=percent), NOW) for percent in (80, 85, 90, 94)]
    gaps = [wait - NOW for wait in waits if wait is not None]
    assert len(gaps) == 4
    assert gaps == sorted(gaps)
    assert timedelta(seconds=5) <= gaps[0] < gaps[-1] < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("due_in", "asked_ago", "wanted"),
    [
        (25 * HOUR, None, False),
        (23 * HOUR, None, True),
        (23 * HOUR, 11 * HOUR, False),
        (23 * HOUR, 13 * HOUR, True),
        (0.9 * HOUR, 0.9 * HOUR, False),
        (0.9 * HOUR, 1.1 * HOUR, True),
        (60.0, None, False),
        (-60.0, None, False),
    ],
)
def test_a_platform_is_asked_when_a_post_comes_near(
    due_in: float, asked_ago: float | None, wanted: bool
) -> None:
    assert rules.needs_check(due_in, asked_ago) is wanted


BEFORE = Reading(wall=WALL, boot=1000.0, boot_id="a")


def test_time_that_passes_moves_no_clock_and_neither_does_sleep() -> None:
    slept = Reading(wall=WALL + 8 * HOUR, boot=1000.0 + 8 * HOUR, boot_id="a")
    assert rules.clock_shift(BEFORE, slept) == 0.0


@pytest.mark.parametrize("shift", [-3 * HOUR, -61.0, 61.0, 400 * DAY])
def test_a_clock_moved_either_way_is_seen(shift: float) -> None:
    later = Reading(wall=WALL + 10.0 + shift, boot=1010.0, boot_id="a")
    assert rules.clock_shift(BEFORE, later) == pytest.approx(shift)
    assert rules.moved(rules.clock_shift(BEFORE, later))


def test_what_a_time_server_corrects_in_passing_is_no_move() -> None:
    assert not rules.moved(rules.clock_shift(BEFORE, replace(BEFORE, wall=WALL - 59.0)))


def test_after_a_restart_there_is_nothing_to_compare() -> None:
    assert rules.clock_shift(BEFORE, Reading(wall=WALL + DAY, boot=3.0, boot_id="b")) == 0.0


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(-1e7, 1e7))
def test_a_move_is_found_however_much_time_passed(awake: float, slept: float, shift: float) -> None:
    passed = awake + slept
    later = Reading(wall=WALL + passed + shift, boot=1000.0 + passed, boot_id="a")
    assert rules.clock_shift(BEFORE, later) == pytest.approx(shift, abs=1e-3)


def test_posts_are_looked_at_a_day_and_an_hour_before_their_time() -> None:
    assert first_look(10 * DAY) == 9 * DAY
    assert next_look(DAY, concerned=False) == DAY - HOUR
    assert next_look(HOUR, concerned=False) is None


def test_a_post_that_is_due_within_a_day_is_looked_at_at_once_and_one_due_now_not_at_all() -> None:
    assert first_look(6 * HOUR) == 0.0
    assert first_look(60.0) is None


@given(st.floats(1.0, 30 * DAY))
def test_what_concerns_somebody_is_looked_at_again_until_it_is_due(left: float) -> None:
    looks = 0
    while (wait := next_look(left, concerned=True)) is not None:
        assert 1.0 < wait <= 900.0
        left, looks = left - wait, looks + 1
        assert looks < 3000
    assert left <= 0
