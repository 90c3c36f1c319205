"""Credentials that end: whoever can renew them hears of it in time, and not after they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import delete

from publisher import clock
from publisher.accounts import expiry
from publisher.accounts import service as accounts
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import sentences
from publisher.notices import service as notices
from publisher.storage import writing

ENDS = datetime(2026, 12, 1, tzinfo=UTC) - timedelta(hours=9)  # midnight in Seoul
KEYS = {"page_id": "1", "page_token": "t" * 30}


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    on("2026-11-10T12:00")
    yield
    clock.set_source(None)


def on(wall: str) -> None:
    """What is due by then in Seoul is done."""
    when = datetime.fromisoformat(f"{wall}:00+09:00").astimezone(UTC)
    clock.set_source(lambda: when)


def told(cast) -> int:
    while effects.work_off():
        pass
    return len(notices.latest(cast.ada))


def connect(ends: datetime | None):
    return accounts.connect(
        None, kind="facebook", slug="page", label="한빛", credentials=KEYS, expires_at=ends
    )


def test_administrators_are_told_a_week_before_and_a_day_before(cast):
    connect(ENDS)
    for wall, times in (
        *(("2026-11-24T08:59", 0), ("2026-11-24T09:00", 1), ("2026-11-30T08:59", 1)),
        *(("2026-11-30T09:00", 2), ("2026-12-02T09:00", 2)),
    ):
        on(wall)
        assert told(cast) == times, wall
    assert notices.latest(cast.rui) == []
    newest = notices.latest(cast.ada)[0]
    assert newest.path == "/accounts/page"
    with force_locale("ko"):
        assert "2026년 11월 30일" in sentences.sentence_of(newest.kind, newest.values)


def test_renewed_credentials_are_no_news(cast):
    account = connect(ENDS)
    accounts.connect(None, kind="facebook", slug="page", credentials=KEYS)
    assert account.expires_at is None
    on("2026-12-01T09:00")
    assert told(cast) == 0


def test_a_later_end_moves_the_reminder(cast):
    connect(ENDS)
    connect(ENDS + timedelta(days=30))
    on("2026-11-30T09:00")
    assert told(cast) == 0
    on("2026-12-24T09:00")
    assert told(cast) == 1


def test_what_ends_within_a_day_is_told_at_once_and_once(cast):
    on("2026-11-30T20:00")
    connect(ENDS)
    assert told(cast) == 1
    on("2026-12-02T20:00")
    assert told(cast) == 1


def test_an_account_from_before_there_were_reminders_gets_its_own(cast):
    connect(ENDS)
    with writing():
        db.session.execute(delete(Effect))
    for wall, times in (
        *(("2026-11-20T10:00", 0), ("2026-11-24T09:00", 1), ("2026-11-30T09:00", 2)),
        *(("2026-11-30T10:00", 2), ("2026-12-02T09:00", 2)),
    ):
        on(wall)
        expiry.ask_daily()
        assert told(cast) == times, wall
