"""A clock that somebody moved: nothing goes out by it, nothing is late by it, until it is confirmed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from publisher import clock, retention
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.accounts.models import HostClock
from publisher.accounts.rules import Reading
from publisher.accounts.words import reason_of
from publisher.config import Timings
from publisher.deliveries import claim as claims
from publisher.deliveries import service as deliveries
from publisher.deliveries import sweep
from publisher.effects import service as effects
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import sessions
from publisher.people.models import User, UserSession
from publisher.stories import approvals
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import QUICK, Newsroom
from workers.dispatcher import Dispatcher

SignIn = Callable[[FlaskClient, User], FlaskClient]
ONE = Draft(text="가")


@dataclass
class Machine:
    """The two clocks of a machine, as a test moves them."""

    reading: Reading

    def passes(self, seconds: float) -> None:
        """Time passes, awake or asleep."""
        was = self.reading
        self.reading = replace(was, wall=was.wall + seconds, boot=was.boot + seconds)

    def moved(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self.reading = replace(self.reading, wall=self.reading.wall + seconds)


@pytest.fixture
def timings() -> Timings:
    """A claim that outlasts a busy machine: no test here is about one that ran out."""
    return replace(QUICK, lease=60.0)


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine(Reading(wall=1_795_000_000.0, boot=5_000.0, boot_id="this start"))
    timekeeping.set_source(lambda: machine.reading)
    yield machine
    timekeeping.set_source(None)


def new_process(machine: Machine) -> None:
    """A process of this machine that has just been started."""
    timekeeping.set_source(lambda: machine.reading)


@pytest.mark.parametrize("seconds", [7200.0, -7200.0, 61.0])
@pytest.mark.parametrize("slug", ["x", "blog"])
def test_a_moved_clock_holds_everything_until_somebody_confirms_it(
    newsroom: Newsroom, machine: Machine, slug: str, seconds: float
) -> None:
    story = newsroom.approve(newsroom.story(slug, **{slug: Draft(title="가", text="가")}))
    machine.moved(seconds)

    newsroom.work()
    held = accounts.holding()
    assert held is not None
    assert (held.code, held.values["shifts"]) == ("clock", {socket.gethostname(): seconds})
    assert newsroom.statuses(story)[slug] == "scheduled"

    timekeeping.confirm(newsroom.editor)
    newsroom.work()
    assert accounts.holding() is None
    assert newsroom.statuses(story)[slug] == "published"


@pytest.mark.usefixtures("newsroom")
def test_a_laptop_that_slept_goes_on_at_once(app: Flask, machine: Machine) -> None:
    dispatcher = Dispatcher(app)
    dispatcher.tick()
    machine.passes(9 * 3600)
    dispatcher.tick()
    assert accounts.holding() is None


def test_the_dispatcher_notices_while_nothing_is_due(
    newsroom: Newsroom, app: Flask, machine: Machine
) -> None:
    dispatcher = Dispatcher(app)
    dispatcher.tick()
    machine.moved(-600)
    dispatcher.tick()
    assert timekeeping.held() is not None


@pytest.mark.usefixtures("newsroom")
def test_a_clock_moved_while_nobody_looked_is_noticed_by_the_next_dispatcher(
    app: Flask, machine: Machine
) -> None:
    Dispatcher(app).tick()
    machine.moved(3600)
    new_process(machine)
    Dispatcher(app).tick()
    assert timekeeping.held() is not None


@pytest.mark.usefixtures("newsroom")
def test_after_a_restart_of_the_machine_its_clock_is_believed(app: Flask, machine: Machine) -> None:
    Dispatcher(app).tick()
    machine.reading = Reading(wall=machine.reading.wall + 600, boot=3.0, boot_id="another start")
    new_process(machine)
    Dispatcher(app).tick()
    assert timekeeping.held() is None


def test_who_saw_it_last_does_not_hold_again_for_what_is_confirmed(
    newsroom: Newsroom, app: Flask, machine: Machine
) -> None:
    Dispatcher(app).tick()
    before = machine.reading
    machine.moved(3600)
    Dispatcher(app).tick()
    timekeeping.confirm(newsroom.editor)

    after, machine.reading = machine.reading, before
    new_process(machine)  # a worker that was there before and looks only now
    machine.reading = after
    timekeeping.watch()

    assert timekeeping.held() is None


def test_a_clock_that_was_put_right_still_waits_for_a_person_and_says_so(
    newsroom: Newsroom, machine: Machine, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    machine.moved(7200)
    timekeeping.watch()
    sign_in(client, cast.rui)
    assert "moved forward by 2 hours" in client.get("/accounts").text

    machine.moved(-7200)
    timekeeping.watch()
    assert "was moved and moved back" in client.get("/accounts").text


def test_each_machine_whose_clock_was_moved_is_named(
    newsroom: Newsroom, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.moved(7200)
    timekeeping.watch()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "second")
        machine.moved(-3600)
        timekeeping.watch()

    held = timekeeping.held()
    assert held is not None
    assert held.values["shifts"] == {socket.gethostname(): 7200, "second": -3600}
    said = reason_of(held)
    assert "moved forward by 2 hours" in said
    assert "second was moved back by 60 minutes" in said


def test_every_page_says_so_and_an_editor_confirms(
    newsroom: Newsroom, machine: Machine, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    machine.moved(7200)
    timekeeping.watch()
    assert "moved forward by 2 hours" in sign_in(client, cast.ana).get("/stories").text
    assert client.post("/accounts/clock/confirm").status_code == 403
    assert "clock_moved" in [each.kind for each in notices.of(cast.rui, 1).items]

    sign_in(client, cast.rui)
    assert client.post("/accounts/clock/confirm").status_code == 302
    assert "moved forward" not in client.get("/stories").text
    with pytest.raises(Conflict):
        timekeeping.confirm(cast.rui)


@pytest.mark.usefixtures("database_url")
def test_releasing_a_crisis_does_not_confirm_the_clock(
    newsroom: Newsroom, machine: Machine
) -> None:
    accounts.hold(newsroom.editor, "A crisis")
    machine.moved(7200)
    timekeeping.watch()
    accounts.release(newsroom.editor)
    assert timekeeping.held() is not None

    timekeeping.confirm(newsroom.editor)
    assert accounts.holding() is None


@pytest.mark.usefixtures("database_url")
def test_nothing_is_missed_or_judged_by_a_clock_that_nobody_confirmed(
    newsroom: Newsroom, machine: Machine
) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=3600)
    newsroom.sandbox.fault("accept_then_reset", match={"path": "*/feed"})
    doubtful = newsroom.approve(newsroom.story("page", page=ONE))
    newsroom.work()
    machine.moved(86_400)
    newsroom.travel(timedelta(days=1))
    timekeeping.watch()

    sweep.sweep()
    assert newsroom.delivery(story, "x").status == "scheduled"
    assert newsroom.delivery(doubtful, "page").status == "unconfirmed"
    assert claims.heads() == []

    newsroom.travel(timedelta(days=-1))
    machine.moved(-86_400)
    timekeeping.watch()
    timekeeping.confirm(newsroom.editor)
    newsroom.work(5.0)
    assert newsroom.delivery(story, "x").status == "scheduled"
    assert newsroom.delivery(doubtful, "page").status == "published"


def test_nothing_is_voided_or_forgotten_by_a_clock_that_nobody_confirmed(
    newsroom: Newsroom, machine: Machine
) -> None:
    post = newsroom.post(newsroom.story("blog"), "blog")
    deliveries.approve(newsroom.editor, post, post.revision)
    sessions.begin_session(newsroom.author, "a browser")
    machine.moved(400 * 86_400)
    newsroom.travel(timedelta(days=400))

    for effect in (retention.prune, approvals.expire_old):
        with pytest.raises(effects.Later):
            effect({})

    db.session.rollback()
    assert (post.status, UserSession.query.count()) == ("approved", 1)
    timekeeping.confirm(newsroom.editor)
    retention.prune({})
    approvals.expire_old({})
    assert (post.status, UserSession.query.count()) == ("in_review", 0)


@pytest.mark.usefixtures("newsroom")
def test_a_machine_that_is_no_more_is_forgotten_and_one_that_starts_is_not(
    machine: Machine, travel: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.reading = replace(machine.reading, wall=clock.now().timestamp())
    new_process(machine)
    timekeeping.begin()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "gone")
        timekeeping.begin()

    days = timedelta(days=100)
    travel(days)
    machine.passes(days.total_seconds())
    new_process(machine)
    timekeeping.begin()
    retention.prune({})

    db.session.rollback()
    assert db.session.scalars(select(HostClock.host)).all() == [socket.gethostname()]


def test_this_machine_has_both_clocks() -> None:
    first, second = timekeeping.read(), timekeeping.read()
    assert first is not None
    assert second is not None
    assert second.boot >= first.boot > 0
    assert abs(first.wall - clock.now().timestamp()) < 60


def test_a_clock_that_is_moved_after_the_machine_was_restarted_holds_too(
    newsroom: Newsroom, machine: Machine
) -> None:
    """On a machine of workers alone nobody wrote down what its clocks said after this start."""
    timekeeping.begin()
    machine.reading = replace(machine.reading, boot=60.0, boot_id="the next start")
    new_process(machine)
    machine.moved(7200)
    story = newsroom.approve(newsroom.story("x", x=ONE))

    newsroom.work()

    assert accounts.holding() is not None
    assert newsroom.statuses(story)["x"] == "scheduled"
