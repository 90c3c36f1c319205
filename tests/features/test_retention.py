"""What is forgotten in time, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import func, select, update

from publisher import clock, retention
from publisher.deliveries.models import Attempt
from publisher.effects import service as effects
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.feeds.models import RenderedEvent
from publisher.notices.models import Notice
from publisher.people import audit, sessions
from publisher.people.models import Event, Throttle, UserSession
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

YEAR = timedelta(days=366)
Travel = Callable[[timedelta], None]


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def verbs() -> list[str]:
    """The audit trail."""
    db.session.rollback()
    return [*db.session.scalars(select(Event.verb).order_by(Event.id))]


def test_what_a_person_did_stays_whatever_its_name(
    newsroom: Newsroom, cast: Cast, travel: Travel, database_url: str
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    delivery = newsroom.delivery(story, "x")
    with writing():
        audit.record(cast.rui, "delivery.sending", "delivery", delivery.id)
        audit.record(None, "delivery.sending", "delivery", delivery.id + 1)
    travel(YEAR)
    retention.prune({})
    assert verbs().count("delivery.sending") == 2, "hers, and that of one that is not final"


def test_bytes_of_feeds_go_when_nobody_will_ask_for_them(
    app: Flask, newsroom: Newsroom, cast: Cast, travel: Travel, database_url: str
) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    newsroom.approve(newsroom.story("x", x=Draft(text="나중")), in_s=3000)
    _feed, url = feeds.make(cast.rui, "All", detail="full", language="ko")
    app.test_client().get(urlsplit(url).path)
    assert count(RenderedEvent) == 2
    retention.prune({})
    assert count(RenderedEvent) == 2

    with writing() as session:
        session.execute(update(RenderedEvent).where(RenderedEvent.post_id == 1).values(template=1))
    retention.prune({})
    assert count(RenderedEvent) == 1
    travel(YEAR)
    retention.prune({})
    assert count(RenderedEvent) == 0


def test_attempts_go_in_time_but_not_what_they_prove(
    newsroom: Newsroom, travel: Travel, database_url: str
) -> None:
    out = newsroom.approve(newsroom.story())
    newsroom.work(2.5)
    waiting = newsroom.approve(newsroom.story("x", x=Draft(text="나중에")), in_s=0.5)
    before, attempts = verbs(), count(Attempt)
    assert attempts >= 3
    retention.prune({})
    assert (verbs(), count(Attempt)) == (before, attempts), "nothing is old yet"

    travel(YEAR)
    retention.prune({})

    assert count(Attempt) == 0
    gone = sorted(set(before) - set(verbs()))
    assert gone == ["delivery.sending"], "what people did and how it ended stays"
    assert verbs() == [verb for verb in before if verb not in gone]
    delivery = newsroom.delivery(out, "x")
    assert delivery.url
    assert delivery.wire_at
    assert newsroom.delivery(waiting, "x").status == "scheduled"


def test_done_work_goes_and_stuck_work_stays_until_somebody_looked(
    app: Flask, travel: Travel, database_url: str
) -> None:
    def works(_desired: effects.Desired) -> None:
        pass

    def fails(_desired: effects.Desired) -> None:
        raise OSError

    effects.register("works", works)
    effects.register("fails", fails)
    for number in range(3):
        effects.ask("works", f"works:{number}", {})
    effects.ask("fails", "fails:0", {})
    while effects.work_off() or not stuck.waiting():
        travel(timedelta(hours=2))
    effects.ask("works", "works:later", {}, at=clock.now() + YEAR)

    travel(retention.EFFECTS + timedelta(days=1))
    retention.prune({})

    db.session.rollback()
    assert set(db.session.scalars(select(Effect.key))) == {"fails:0", "works:later"}


def test_many_old_rows_go_in_small_steps(app: Flask, cast: Cast, travel: Travel) -> None:
    many = 3 * retention.BATCH + 7
    with writing() as session:
        now = clock.now()
        session.add_all(
            Effect(kind="works", key=f"k{n}", desired={}, created_at=now, done_at=now)
            for n in range(many)
        )
    travel(YEAR)
    gone = list(retention._effects(clock.now()))
    assert sum(gone) == many
    assert max(gone) <= retention.BATCH
    assert count(Effect) == 0


def test_sessions_windows_and_news_go_when_they_are_of_no_use(
    app: Flask, cast: Cast, travel: Travel
) -> None:
    sessions.begin_session(cast.ana, "a browser")
    with writing() as session:
        now = clock.now()
        session.add(Throttle(key="sign-in:ana", window_ends_at=now, count=3))
        session.add(Notice(user_id=cast.ana.id, kind="approved", at=now, read_at=now))
        session.add(Notice(user_id=cast.ana.id, kind="failed", at=now))
    travel(timedelta(days=20))
    retention.prune({})
    assert (count(UserSession), count(Notice), count(Throttle)) == (1, 2, 0)

    travel(YEAR)
    retention.prune({})

    assert (count(UserSession), count(Notice)) == (0, 1), "what nobody has read is kept"
    assert count(Event) > 0


def test_pruning_and_a_look_at_old_approvals_are_asked_for_once_a_day(
    app: Flask, travel: Travel
) -> None:
    def asked() -> list[str]:
        return sorted(db.session.scalars(select(Effect.kind)))

    retention.ask_daily()
    retention.ask_daily()
    assert asked() == ["expire", "prune"]
    travel(timedelta(days=1))
    retention.ask_daily()
    assert asked() == ["expire", "expire", "prune", "prune"]
