"""When news is mailed: at once, with the next digest, after quiet hours, in summer and winter time."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from publisher.notices.rules import URGENT, Kind, Way, Wishes

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Wishes(SEOUL, quiet_from=time(22), quiet_until=time(7))
NOON = Wishes(SEOUL, quiet_from=time(12), quiet_until=time(13))


def seoul(wall: str) -> datetime:
    return datetime.fromisoformat(f"{wall}+09:00").astimezone(UTC)


def berlin(wall: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=BERLIN).astimezone(UTC)


def test_who_chose_nothing_gets_all_at_once_but_good_news() -> None:
    assert {kind for kind in Kind if Wishes(SEOUL).way(kind) is not Way.AT_ONCE} == {Kind.PUBLISHED}
    at = seoul("2026-11-24T03:00")
    assert Wishes(SEOUL).due("failed", at) == at
    assert Wishes(SEOUL).due("published", at) == seoul("2026-11-24T08:30")


@pytest.mark.parametrize(
    ("wishes", "at", "free"),
    [
        (NIGHT, "2026-11-24T21:59", "2026-11-24T21:59"),
        (NIGHT, "2026-11-24T22:00", "2026-11-25T07:00"),
        (NIGHT, "2026-11-25T06:59", "2026-11-25T07:00"),
        (NIGHT, "2026-11-25T07:00", "2026-11-25T07:00"),
        (NOON, "2026-11-24T12:30", "2026-11-24T13:00"),
        (NOON, "2026-11-24T13:00", "2026-11-24T13:00"),
        (Wishes(SEOUL), "2026-11-24T00:00", "2026-11-24T00:00"),
    ],
)
def test_quiet_hours_end_when_they_say(wishes: Wishes, at: str, free: str) -> None:
    assert wishes.due("approved", seoul(at)) == seoul(free)


@pytest.mark.parametrize("kind", sorted(URGENT))
def test_what_cannot_wait_does_not_unless_told_to(kind: str) -> None:
    at = seoul("2026-11-24T23:00")
    assert NIGHT.due(kind, at) == at
    strict = Wishes(SEOUL, quiet_from=time(22), quiet_until=time(7), urgent_anyway=False)
    assert strict.due(kind, at) == seoul("2026-11-25T07:00")
    gathered = Wishes(SEOUL, {kind: "digest"}, time(23, 30), time(22), time(7))
    assert gathered.due(kind, at) == seoul("2026-11-25T07:00")  # a digest is never urgent


def test_a_digest_tells_what_happened_before_it() -> None:
    wishes = Wishes(SEOUL, {"comment": "digest"}, digest_at=time(8, 30))
    assert wishes.due("comment", seoul("2026-11-24T08:29")) == seoul("2026-11-24T08:30")
    assert wishes.due("comment", seoul("2026-11-24T08:30")) == seoul("2026-11-25T08:30")


def test_off_is_never() -> None:
    assert Wishes(SEOUL, {"failed": "off"}).due("failed", seoul("2026-11-24T08:30")) is None


def test_a_digest_keeps_its_wall_time_when_the_clocks_change() -> None:
    wishes = Wishes(BERLIN, {"comment": "digest"}, digest_at=time(8, 30))
    before = berlin("2026-10-24T12:00")
    assert wishes.due("comment", before) == berlin("2026-10-25T08:30")
    assert berlin("2026-10-25T08:30").hour == 7  # winter time by then


def test_a_quiet_hour_that_the_clocks_jump_over_ends_all_the_same() -> None:
    wishes = Wishes(BERLIN, quiet_from=time(22), quiet_until=time(2, 30))
    free = wishes.due("comment", berlin("2026-03-28T23:00"))
    assert free is not None
    assert berlin("2026-03-29T01:59") < free <= berlin("2026-03-29T03:30")
    assert wishes.due("comment", free) == free
