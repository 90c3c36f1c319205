"""The dispatcher: rings what is due, works by itself when nobody hears, and asks after a silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from publisher import clock, queue
from publisher.accounts import service as accounts
from publisher.config import Timings
from publisher.deliveries import sweep
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.plugins.newsroom import QUICK, Newsroom
from workers.dispatcher import TICK_S, Dispatcher
from workers.drain import drain
from workers.listener import Listener

ONE = Draft(text="가")


@pytest.fixture
def timings() -> Timings:
    """No test here is about a call without an answer: a slow machine has time for all of them."""
    return replace(QUICK, connect=15.0, deadline=20.0, settle=25.0, lease=60.0)


def waiting_bells(redis_url: str) -> list[str]:
    connection = Redis.from_url(redis_url)
    return Queue(queue.QUEUE, connection=connection, serializer=JSONSerializer).job_ids


@pytest.fixture
def ringing(app: Flask, redis_url: str) -> str:
    app.extensions["settings"] = replace(app.extensions["settings"], redis_url=redis_url)
    return redis_url


def test_it_rings_a_second_before_a_post_is_due(
    newsroom: Newsroom, app: Flask, redis_url: str
) -> None:
    newsroom.approve(newsroom.story("x", x=ONE), in_s=3)
    app.extensions["settings"] = replace(app.extensions["settings"], redis_url=redis_url)
    dispatcher = Dispatcher(app)

    assert 0 < dispatcher.tick() <= TICK_S
    assert waiting_bells(redis_url) == []

    later = clock.now() + timedelta(seconds=2.5)
    clock.set_source(lambda: later)
    try:
        dispatcher.tick()
    finally:
        clock.set_source(None)
    assert len(waiting_bells(redis_url)) == 1


def test_ringing_twice_within_a_second_is_one_bell(app: Flask, ringing: str) -> None:
    with app.app_context():
        queue.ring(5)
        queue.ring(5)
    assert len(waiting_bells(ringing)) == 1


def test_whoever_commits_something_due_rings(newsroom: Newsroom, app: Flask, ringing: str) -> None:
    newsroom.approve(newsroom.story("x", x=ONE))
    assert len(waiting_bells(ringing)) == 1


def test_without_redis_it_works_by_itself_and_says_so(newsroom: Newsroom, app: Flask) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE))
    dispatcher = Dispatcher(app)

    dispatcher.tick()
    dispatcher.finish()

    assert newsroom.statuses(story)["x"] == "published"
    assert sweep.dispatcher_is_inline()


def test_a_drain_ends_when_nothing_is_due_within_a_second(newsroom: Newsroom, app: Flask) -> None:
    now = newsroom.approve(newsroom.story("x", x=ONE), in_s=0.3)
    later = newsroom.approve(newsroom.story("x", x=Draft(text="나")), in_s=30)
    db.session.rollback()

    drain(app)

    assert newsroom.statuses(now)["x"] == "published"
    assert newsroom.statuses(later)["x"] == "scheduled"


def test_after_a_silence_a_crowd_is_asked_about(newsroom: Newsroom) -> None:
    stories = [newsroom.story("x", x=Draft(text=f"글 {n}")) for n in range(sweep.MANY + 1)]
    for story in stories:
        newsroom.approve(story)
    sweep.beat("dispatcher@here:1", "dispatcher")
    long_ago = clock.now() - timedelta(minutes=5)
    with writing() as session:
        session.execute(db.text("UPDATE beats SET at = :at"), {"at": long_ago.replace(tzinfo=None)})
        session.execute(
            db.text("UPDATE deliveries SET next_at = :at"), {"at": long_ago.replace(tzinfo=None)}
        )

    assert sweep.ask_after_silence() == 1
    newsroom.work()
    assert newsroom.really_posted("x") == []

    accounts.release(newsroom.editor, accounts.by_slug("x"))
    newsroom.work()
    assert len(newsroom.really_posted("x")) == len(stories)


def test_with_redis_but_without_workers_it_works_by_itself(
    newsroom: Newsroom, app: Flask, ringing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE))
    dispatcher = Dispatcher(app)
    dispatcher.tick()
    assert newsroom.statuses(story)["x"] == "scheduled"

    monkeypatch.setattr("workers.dispatcher.INLINE_AFTER_S", 0.0)
    dispatcher.tick()
    dispatcher.finish()

    assert newsroom.statuses(story)["x"] == "published"


def test_workers_that_died_without_a_word_do_not_count_for_ever(
    app: Flask, ringing: str, newsroom: Newsroom
) -> None:
    redis = Redis.from_url(ringing)
    bells = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    Listener([bells], connection=redis, name="w1", serializer=JSONSerializer).register_birth()
    assert queue.ring()

    redis.delete("rq:worker:w1")  # what Redis does two minutes after its last heartbeat

    assert not queue.ring()


def test_questions_and_side_work_leave_a_hand_to_the_next_post(
    newsroom: Newsroom, app: Flask
) -> None:
    """A mail server that does not answer keeps no post waiting."""
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=0.5)
    waited: list[bool] = []

    def slow(_desired: dict[str, int]) -> None:
        with app.app_context():
            deadline = time.monotonic() + 10
            while not newsroom.really_posted("x") and time.monotonic() < deadline:
                time.sleep(0.02)
            waited.append(bool(newsroom.really_posted("x")))

    effects.register("slow", slow)
    for number in range(3):
        effects.ask("slow", f"slow:{number}", {"number": number})
    db.session.rollback()

    drain(app, senders=2)

    assert newsroom.statuses(story)["x"] == "published"
    assert waited == [True, True, True]


def test_a_drain_that_is_told_to_stop_takes_nothing_new(newsroom: Newsroom, app: Flask) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE))
    db.session.rollback()
    stopping = threading.Event()
    stopping.set()

    drain(app, stopping=stopping)

    assert newsroom.statuses(story)["x"] == "scheduled"


def test_a_worker_asks_about_a_crowd_too_and_about_one_silence_once(
    newsroom: Newsroom, app: Flask, travel: Callable[[timedelta], None]
) -> None:
    """The dispatcher is gone; somebody publishes another post by hand, and a bell rings for it."""
    for number in range(sweep.MANY + 1):
        newsroom.approve(newsroom.story("x", x=Draft(text=f"글 {number}")), in_s=60)
    sweep.beat("dispatcher@here:1", "dispatcher")
    travel(timedelta(minutes=30))

    drain(app)
    assert newsroom.really_posted("x") == []
    assert newsroom.accounts["x"].id in accounts.holds()

    accounts.release(newsroom.editor, accounts.by_slug("x"))
    db.session.rollback()
    drain(app)
    assert len(newsroom.really_posted("x")) == sweep.MANY + 1


def test_a_dispatcher_that_was_suspended_asks_before_it_sends_a_crowd(
    newsroom: Newsroom, app: Flask, travel: Callable[[timedelta], None], ringing: str
) -> None:
    for number in range(sweep.MANY + 1):
        newsroom.approve(newsroom.story("x", x=Draft(text=f"글 {number}")), in_s=60)
    dispatcher = Dispatcher(app)
    dispatcher.tick()
    assert newsroom.accounts["x"].id not in accounts.holds()

    travel(timedelta(minutes=30))
    dispatcher.tick()

    assert newsroom.accounts["x"].id in accounts.holds()
