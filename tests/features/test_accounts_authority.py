"""Whose credentials were refused, and who answers: judged of the account as it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from channels.errors import Disconnected
from channels.twitter import Twitter
from publisher import crashes
from publisher.accounts import authority, health
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.errors import Invalid
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.features.racing import in_thread
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

ONE = Draft(text="가")
OLD = {"access_token_secret": "of yesterday"}


def x() -> Account:
    db.session.rollback()
    return accounts.by_slug("x")


def give(credentials: dict[str, str]) -> None:
    with writing():
        accounts.by_slug("x").credentials = credentials


@pytest.fixture
def renewed_during(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`renewed_during("find")`: the account has old keys, and new ones before that call of theirs returns."""

    def during(name: str) -> None:
        good = dict(x().credentials or {})
        give({**good, **OLD})
        call = getattr(Twitter, name)

        def slowly(channel: Twitter, *args: Any, **options: Any) -> Any:
            try:
                return call(channel, *args, **options)
            except Disconnected:
                give(good)
                raise

        monkeypatch.setattr(Twitter, name, slowly)

    return during


def test_a_timeline_refused_to_yesterdays_keys_pauses_nothing(
    newsroom: Newsroom, renewed_during: Callable[[str], None]
) -> None:
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/2/tweets"})
    story = newsroom.approve(newsroom.story("x", x=ONE))
    newsroom.work()
    assert newsroom.statuses(story)["x"] == "unconfirmed"
    renewed_during("find")

    newsroom.work(5.0)

    assert (x().status, newsroom.statuses(story)["x"]) == ("active", "published")
    assert Notice.query.filter_by(kind="account_paused").count() == 0


def test_a_look_or_a_check_with_yesterdays_keys_pauses_nothing(
    newsroom: Newsroom, renewed_during: Callable[[str], None]
) -> None:
    good = dict(x().credentials or {})
    renewed_during("identify")
    assert health.probe(x().id)
    assert x().status == "active"

    give({**good, **OLD})
    accounts.check(newsroom.editor, x())
    assert (x().status, x().problem) == ("active", "")


def test_a_check_that_finds_the_authority_gone_tells_the_administrators(
    newsroom: Newsroom, cast: Cast
) -> None:
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    with pytest.raises(Invalid):
        accounts.check(newsroom.editor, x())
    assert x().status == "paused"
    assert Notice.query.filter_by(kind="account_paused", user_id=cast.ada.id).count() == 1


@pytest.mark.parametrize("verb", ["connect", "resume"])
@pytest.mark.usefixtures("database_url")
def test_who_mends_an_account_while_it_is_being_paused_has_the_last_word(
    newsroom: Newsroom, app: Flask, verb: str
) -> None:
    fresh = newsroom.sandbox.add_x("1002", "acme", state="ok")
    url, used = x().api_url, dict(x().credentials or {})
    db.session.rollback()
    lost, mending = threading.Event(), threading.Event()

    def lose() -> None:
        with writing():
            authority.lose(accounts.by_slug("x"), "gone", used=used)
            db.session.flush()
            lost.set()
            mending.wait(0.5)

    def mend() -> None:
        lost.wait(5)
        if verb == "resume":
            accounts.resume(None, accounts.by_slug("x"))
        else:
            accounts.connect(None, kind="twitter", slug="x", credentials=fresh, api_url=url)

    one, said_one = in_thread(app, lose)
    two, _said_two = in_thread(app, mend)
    one.join()
    two.join()

    assert said_one == [None]
    assert (x().status, x().problem) == ("active", "")


@pytest.mark.usefixtures("database_url")
def test_what_is_lost_for_old_keys_after_new_ones_came_is_no_loss(
    newsroom: Newsroom, app: Flask
) -> None:
    used, url = dict(x().credentials or {}), x().api_url
    fresh = newsroom.sandbox.add_x("1005", "acme")

    connecting: list[threading.Thread] = []

    def connect() -> None:
        accounts.connect(None, kind="twitter", slug="x", credentials=fresh, api_url=url)

    def lose() -> bool:
        with writing() as session:
            account = accounts.by_slug("x")  # as it was when its outcome was read
            connecting.append(in_thread(app, connect)[0])
            if session.get_bind().dialect.name == "postgresql":  # elsewhere it waits for us
                connecting[0].join()
            return authority.lose(account, "gone", used=used)

    losing, said = in_thread(app, lose)
    losing.join()
    connecting[0].join()

    assert said == [db.engine.dialect.name == "sqlite"]
    assert x().status == "active"


@pytest.fixture
def dropped_once(app: Flask) -> Iterator[None]:
    """The database drops the first statement after a platform has answered."""
    state = {"armed": False}

    def answered(name: str, _subject: int) -> None:
        state["armed"] = state["armed"] or name == "answered"

    def drop(*_args: object) -> None:
        if state["armed"]:
            state["armed"] = False
            crashes.arm(None)
            raise OperationalError("SELECT", {}, Exception("the connection is lost"))

    engine = db.engine
    crashes.arm(answered)
    event.listen(engine, "before_cursor_execute", drop)
    yield
    event.remove(engine, "before_cursor_execute", drop)
    crashes.arm(None)


@pytest.mark.usefixtures("dropped_once")
def test_a_refusal_stays_one_when_the_database_is_away_for_a_moment(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("status", match={"path": "/2/tweets"}, code=401)
    story = newsroom.approve(newsroom.story("x", x=ONE))
    newsroom.work()
    assert (newsroom.statuses(story)["x"], x().status) == ("scheduled", "paused")


@pytest.mark.parametrize("asks", ["probe", "check"])
def test_an_account_that_answers_as_somebody_else_is_held_whoever_asks(
    newsroom: Newsroom, asks: str
) -> None:
    accounts.check(None, x())
    give(newsroom.sandbox.add_x("1003", "rival"))

    if asks == "probe":
        health.probe(x().id)
    else:
        accounts.check(newsroom.editor, x())

    held = accounts.holds()[x().id]
    assert (held.code, held.values) == (accounts.IDENTITY, {"now": "@rival", "before": "@acme"})


def test_a_hold_of_a_person_stays_theirs_when_the_account_answers_as_somebody_else(
    newsroom: Newsroom,
) -> None:
    accounts.check(None, x())
    accounts.hold(newsroom.editor, "A crisis.", x())
    accounts.renew(newsroom.editor, x(), newsroom.sandbox.add_x("1003", "rival"))

    held = accounts.holds()[x().id]
    assert (held.code, held.actor_name) == ("", "Rui")
    assert held.reason == "A crisis. It answers as @rival now, not as @acme any more."
